//! In and out of a function: events become requests, results become answers, errors become statuses.
//!
//! ```text
//! metrics → log → incoming → response → problem → http, function_url
//! code → problem
//! error → incoming, invocation, overtaken; issued_key → response; log → invocation; log, ending → after_answer
//! method_arn → verdict
//! metrics → settings
//! pages
//! ```

mod after_answer;
mod code;
mod ending;
mod error;
mod function_url;
pub mod http;
mod incoming;
mod invocation;
mod issued_key;
pub mod log;
mod method_arn;
mod metrics;
mod overtaken;
mod pages;
mod problem;
mod response;
pub mod settings;
mod verdict;

pub use self::after_answer::AfterAnswer;
pub use self::code::{Code, Retry};
pub use self::error::Error;
pub use self::function_url::{UrlAnswer, UrlRequest};
pub use self::invocation::{Invocation, OperatorError, invoke};
pub use self::issued_key::IssuedKey;
#[cfg(feature = "openapi")]
pub(crate) use self::issued_key::IssuedKeyBody;
pub use self::method_arn::MethodArn;
pub use self::metrics::Metrics;
pub use self::overtaken::unless_overtaken;
pub use self::pages::{EventPageView, KeyPageView};
pub use self::problem::Problem;
pub use self::verdict::Verdict;
