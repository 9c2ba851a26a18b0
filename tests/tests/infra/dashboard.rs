//! The dashboard: verdicts by reason first, then what the alarms watch; and a picture of it for the documents.

use std::collections::BTreeSet;
use std::{env, fs};

use api_keys::check::Reason;
use serde_json::Value;
use tests::template::root;

use crate::alarms::alarms;
use crate::cloudwatch::{Metric, Statistic};
use crate::outcome::{Fault, outcomes};
use crate::picture;
use crate::stacks::infra;
use crate::world::World;

const HOUR: u64 = 3600;

/// What the dashboard is made of.
fn body() -> Value {
    let resources = infra("infra/dashboard.yaml", &[]);
    let body = resources["Dashboard"]["Properties"]["DashboardBody"].as_str().unwrap();
    serde_json::from_str(body).unwrap()
}

/// One line of a widget.
pub struct Series<'a> {
    /// What it is of.
    pub metric: Metric,
    /// How values of a period become a point.
    pub statistic: Statistic,
    /// What the legend calls it.
    pub label: &'a str,
    /// Its colour.
    pub color: &'a str,
}

/// The lines of a widget, in order.
pub fn series(widget: &Value) -> Vec<Series<'_>> {
    let properties = &widget["properties"];
    let metrics = properties["metrics"].as_array().unwrap().iter();
    metrics
        .map(|metric| {
            let (options, names) = metric.as_array().unwrap().split_last().unwrap();
            let names: Vec<_> = names.iter().map(|name| name.as_str().unwrap()).collect();
            let dimensions: Vec<_> = names[2..].chunks(2).map(|pair| (pair[0], pair[1])).collect();
            let statistic = options["stat"].as_str().or(properties["stat"].as_str()).unwrap();
            Series {
                metric: Metric::new(names[0], names[1], &dimensions),
                statistic: Statistic::parse(statistic),
                label: options["label"].as_str().unwrap(),
                color: options["color"].as_str().unwrap(),
            }
        })
        .collect()
}

/// The reason after this one; a new reason does not compile without its place.
fn next(reason: Reason) -> Option<Reason> {
    Some(match reason {
        Reason::Allowed => Reason::Unknown,
        Reason::Unknown => Reason::Expired,
        Reason::Expired => Reason::Disabled,
        Reason::Disabled => Reason::Suspended,
        Reason::Suspended => Reason::Exposed,
        Reason::Exposed => Reason::Address,
        Reason::Address => Reason::Operation,
        Reason::Operation => Reason::Limited,
        Reason::Limited => Reason::Unavailable,
        Reason::Unavailable => return None,
    })
}

#[test]
fn it_begins_with_the_verdicts_by_reason() {
    let body = body();
    let first = &body["widgets"][0];
    assert_eq!((&first["x"], &first["y"], &first["width"]), (&0.into(), &0.into(), &24.into()));
    assert_eq!((&first["properties"]["stacked"], &first["properties"]["stat"]), (&true.into(), &"Sum".into()));
    let shown: BTreeSet<_> = series(first).into_iter().map(|series| series.metric).collect();
    let reasons = std::iter::successors(Some(Reason::Allowed), |reason| next(*reason));
    let stack = [("Stack", tests::engine::STACK)];
    assert_eq!(shown, reasons.map(|reason| Metric::new("ApiKeys", reason.name(), &stack)).collect());
}

#[test]
fn it_shows_what_each_alarm_watches_and_where_it_rings() {
    let body = body();
    let widgets = body["widgets"].as_array().unwrap();
    for alarm in alarms() {
        let shows = |widget: &&Value| {
            let series = series(widget);
            series.iter().any(|series| series.metric == alarm.metric && series.statistic == alarm.statistic)
        };
        assert!(widgets.iter().any(|widget| shows(&widget)), "{}", alarm.name);
        let lines = widgets.iter().flat_map(|widget| {
            let lines = widget["properties"]["annotations"]["horizontal"].as_array().into_iter().flatten();
            lines.map(move |line| (widget, line))
        });
        for (widget, line) in lines.filter(|(_, line)| line["label"] == *alarm.name) {
            assert!(shows(&widget) && line["value"].as_f64() == Some(alarm.threshold), "{line}");
            assert_eq!(widget["properties"]["period"].as_u64(), Some(alarm.period * 60), "{line}");
        }
    }
    assert_eq!(body.to_string().matches("\"horizontal\"").count(), 3);
}

#[test]
fn no_widget_covers_another() {
    let body = body();
    let mut taken = BTreeSet::new();
    for widget in body["widgets"].as_array().unwrap() {
        let number = |name: &str| widget[name].as_u64().unwrap();
        for column in number("x")..number("x") + number("width") {
            assert!(column < 24, "{widget}");
            for row in number("y")..number("y") + number("height") {
                assert!(taken.insert((column, row)), "{widget}");
            }
        }
    }
}

/// Six hours: in the second a developer has mistyped a key in a program, and in the fifth DynamoDB throttles for a quarter of an hour.
async fn figures() -> World {
    let (good, bad) = (outcomes(Fault::None).await, outcomes(Fault::TableThrottled).await);
    let mut world = World::with(8);
    world.busy(0..HOUR, 8, &good);
    world.busy(HOUR..2 * HOUR, 60, &good);
    world.busy(2 * HOUR..4 * HOUR + 900, 8, &good);
    world.busy(4 * HOUR + 900..4 * HOUR + 1800, 8, &bad);
    world.busy(4 * HOUR + 1800..6 * HOUR, 8, &good);
    for minute in (0..6 * 60).step_by(5) {
        world.poll(minute * 60, 1 + minute % 3);
    }
    for hour in 0..6 {
        world.notify(hour * HOUR + 1200, if hour == 4 { &[true, true, true] } else { &[false] });
    }
    world
}

#[tokio::test]
async fn the_picture_is_of_the_dashboard_as_it_is() {
    let file = root().join("docs/dashboard.svg");
    let body = body();
    let drawn = picture::draw(&body, &figures().await.watch, 0..360);
    if env::var_os("UPDATE_DASHBOARD").is_some() {
        fs::write(&file, &drawn).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == drawn, "docs/dashboard.svg is old: UPDATE_DASHBOARD=1 cargo test -p tests --test infra");
    assert!(kept.len() < 100_000, "{}", kept.len());
    for widget in body["widgets"].as_array().unwrap() {
        let title = widget["properties"]["title"].as_str().unwrap();
        assert!(kept.contains(&format!(">{title}<")), "{title}");
        for series in series(widget) {
            assert!(kept.contains(&format!(">{}<", series.label)), "{title}: {}", series.label);
        }
    }
}
