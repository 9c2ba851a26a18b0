//! How a verdict cache distinguishes requests.

/// An authorizer of an API, in the words of both kinds of API.
#[derive(Debug)]
pub(super) struct Attached {
    /// Such as `REST API a1b2c3d4e5 (orders), authorizer f6g7h8`.
    pub(super) name: String,
    pub(super) seconds: i32,
    pub(super) sources: Sources,
}

/// Identity sources, in lower case: a REST API's `method.request.header.X-API-Key`, an HTTP API's `$request.header.X-API-Key`.
#[derive(Debug)]
pub(super) struct Sources(Vec<String>);

impl Sources {
    pub(super) fn of<'a>(sources: impl IntoIterator<Item = &'a str>) -> Self {
        let sources = sources.into_iter().map(|source| {
            let source = source.trim().to_ascii_lowercase();
            let source = source.strip_prefix('$').or(source.strip_prefix("method.")).unwrap_or(&source);
            source.to_owned()
        });
        Self(sources.filter(|source| !source.is_empty()).collect())
    }

    /// The headers among them.
    pub(super) fn headers(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|source| source.strip_prefix("request.header."))
    }

    /// What a cache needs beside the header, and does not have: without it good requests get the verdict of others.
    pub(super) fn lacking(&self) -> Vec<&'static str> {
        let needed = [
            ("context.identity.sourceip", "identity.sourceIp"),
            ("context.httpmethod", "httpMethod"),
            ("context.path", "path"),
        ];
        let lacks = |source: &str| !self.0.iter().any(|own| own == source);
        needed.into_iter().filter(|(source, _)| lacks(source)).map(|(_, name)| name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_of_both_kinds_of_api_are_read() {
        let rest = "method.request.header.X-API-Key, context.identity.sourceIp,context.httpMethod,context.path";
        let http = ["$request.header.X-API-Key", "$context.identity.sourceIp", "$context.httpMethod", "$context.path"];
        for sources in [Sources::of(rest.split(',')), Sources::of(http)] {
            assert_eq!(sources.headers().collect::<Vec<_>>(), ["x-api-key"]);
            assert!(sources.lacking().is_empty());
        }
        let narrow = Sources::of(["method.request.header.Authorization", "context.path"]);
        assert_eq!(narrow.lacking(), ["identity.sourceIp", "httpMethod"]);
        assert_eq!(Sources::of([""]).headers().count(), 0);
    }
}
