//! Lines of this program to type, for the same stack.

use crate::arguments::Common;

/// The options that lead to the stack of this run.
pub(crate) fn options(common: &Common) -> String {
    let Common { stack, profile, region, .. } = common;
    let stack = Some(stack).filter(|stack| *stack != Common::STACK);
    let given = [("stack", stack), ("profile", profile.as_ref()), ("region", region.as_ref())];
    let options = given.into_iter().filter_map(|(name, text)| Some(format!(" --{name} {}", quoted(text?))));
    options.collect()
}

/// One word of a shell.
pub(crate) fn quoted(text: &str) -> String {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || "-_./:@%+=,".contains(letter);
    if !text.is_empty() && text.chars().all(is_word) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_a_quoted_text_as_one_word() {
        for (text, word) in [
            ("api-keys", "api-keys"),
            (
                "arn:aws:cloudformation:eu-west-3:1:stack/api-keys/1",
                "arn:aws:cloudformation:eu-west-3:1:stack/api-keys/1",
            ),
            ("Acme & Söhne", "'Acme & Söhne'"),
            ("it's $HOME", r"'it'\''s $HOME'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(text), word);
        }
    }
}
