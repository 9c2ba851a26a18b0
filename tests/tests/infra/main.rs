//! The stacks of `infra/`: alarms that ring for what they are for and for nothing else, a dashboard, a domain and a web ACL;
//! and all that the parameters of these templates and of the main one may choose.

mod alarm;
mod alarms;
mod cloudwatch;
mod conditions;
mod dashboard;
mod documents;
mod domain;
mod notices;
mod outcome;
mod picture;
mod stacks;
mod world;
