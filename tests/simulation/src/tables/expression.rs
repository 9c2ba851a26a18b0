//! DynamoDB's expressions, as far as the service writes them: conditions and filters, updates, projections.
//!
//! What is not known here fails loudly, so that a new expression is added and not passed over. `tests/engine.rs` compares
//! with the engine of the other tests.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// An item: attribute names, and values as DynamoDB's JSON has them.
pub type Item = BTreeMap<String, Value>;

/// An expression with what its placeholders stand for.
#[derive(Clone, Copy)]
pub struct Expression<'a> {
    text: &'a str,
    names: &'a Value,
    values: &'a Value,
}

impl<'a> Expression<'a> {
    /// That member of a call, if the call has it.
    pub fn of(call: &'a Value, member: &str) -> Option<Self> {
        let text = call[member].as_str()?;
        Some(Self { text, names: &call["ExpressionAttributeNames"], values: &call["ExpressionAttributeValues"] })
    }

    /// Whether a condition holds for an item.
    pub fn holds(self, item: &Item) -> bool {
        let mut reader = Reader { words: words(self.text), at: 0, expression: self, item };
        let held = reader.any_of();
        assert_eq!(reader.at, reader.words.len(), "what is this condition? {}", self.text);
        held
    }

    /// What an update leaves of an item.
    pub fn updated(self, old: &Item) -> Item {
        let mut new = old.clone();
        let mut reader = Reader { words: words(self.text), at: 0, expression: self, item: old };
        while let Some(clause) = reader.take() {
            loop {
                let name = reader.name();
                match clause {
                    "SET" => {
                        assert!(reader.eat("="), "what is this update? {}", self.text);
                        let mut value = reader.operand().expect("a value to set");
                        for (sign, factor) in [("+", 1), ("-", -1)] {
                            if reader.eat(sign) {
                                let by = reader.operand().expect("a number");
                                value =
                                    number(whole(&value).expect("a number") + factor * whole(&by).expect("a number"));
                            }
                        }
                        new.insert(name, value);
                    }
                    "REMOVE" => drop(new.remove(&name)),
                    "ADD" => {
                        let by = whole(&reader.operand().expect("a number")).expect("a number");
                        let sum = old.get(&name).map_or(0, |value| whole(value).expect("a number")) + by;
                        new.insert(name, number(sum));
                    }
                    other => panic!("what is {other} in {}?", self.text),
                }
                if !reader.eat(",") {
                    break;
                }
            }
        }
        new
    }

    /// What a projection leaves of an item.
    pub fn projected(self, item: &Item) -> Item {
        let names = self.text.split(',').map(|name| resolved(name.trim(), self.names));
        names.filter_map(|name| item.get_key_value(&name)).map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// What a key condition asks for: the partition's attribute and value, and the bounds of the sort key.
pub struct KeyCondition {
    pub attribute: String,
    pub partition: Value,
    pub above: Option<(String, bool)>,
    pub below: Option<(String, bool)>,
}

impl KeyCondition {
    /// Reads `partition = :p`, alone or with `AND id < :x`, `AND id > :x` or `AND id BETWEEN :x AND :y`.
    pub fn of(call: &Value) -> Self {
        let expression = Expression::of(call, "KeyConditionExpression").expect("a key condition");
        let nothing = Item::new();
        let mut reader = Reader { words: words(expression.text), at: 0, expression, item: &nothing };
        let attribute = reader.name();
        assert!(reader.eat("="), "what is this key condition? {}", expression.text);
        let partition = reader.operand().expect("a partition");
        let (mut above, mut below) = (None, None);
        if reader.eat("AND") {
            assert_eq!(reader.name(), "id");
            let comparator = reader.take().expect("a comparator");
            let mut bound = || text(&reader.operand().expect("a bound")).to_owned();
            match comparator {
                "<" => below = Some((bound(), false)),
                ">" => above = Some((bound(), false)),
                "BETWEEN" => {
                    above = Some((bound(), true));
                    assert!(reader.eat("AND"));
                    below = Some((text(&reader.operand().expect("a bound")).to_owned(), true));
                }
                other => panic!("what is {other} in {}?", expression.text),
            }
        }
        Self { attribute, partition, above, below }
    }

    /// Whether a sort key is within the bounds.
    pub fn holds(&self, id: &str) -> bool {
        let above = self.above.as_ref().is_none_or(|(bound, with)| id > bound.as_str() || *with && id == bound);
        above && self.below.as_ref().is_none_or(|(bound, with)| id < bound.as_str() || *with && id == bound)
    }
}

/// The text of a string.
pub fn text(value: &Value) -> &str {
    value["S"].as_str().unwrap_or_default()
}

/// A whole number as DynamoDB writes it.
pub fn number(number: i128) -> Value {
    json!({ "N": number.to_string() })
}

/// What a number is.
pub fn whole(value: &Value) -> Option<i128> {
    value["N"].as_str()?.parse().ok()
}

fn resolved(name: &str, names: &Value) -> String {
    match name.strip_prefix('#') {
        Some(_) => names[name].as_str().unwrap_or_else(|| panic!("no name {name}")).to_owned(),
        None => name.to_owned(),
    }
}

/// Reads words from the left to the right, and works out whether they hold for an item.
struct Reader<'a> {
    words: Vec<&'a str>,
    at: usize,
    expression: Expression<'a>,
    item: &'a Item,
}

impl<'a> Reader<'a> {
    fn take(&mut self) -> Option<&'a str> {
        let word = self.words.get(self.at).copied();
        self.at += usize::from(word.is_some());
        word
    }

    fn eat(&mut self, word: &str) -> bool {
        let is_next = self.words.get(self.at) == Some(&word);
        self.at += usize::from(is_next);
        is_next
    }

    fn name(&mut self) -> String {
        resolved(self.take().expect("a name"), self.expression.names)
    }

    fn any_of(&mut self) -> bool {
        let mut held = self.all_of();
        while self.eat("OR") {
            held |= self.all_of();
        }
        held
    }

    fn all_of(&mut self) -> bool {
        let mut held = self.one();
        while self.eat("AND") {
            held &= self.one();
        }
        held
    }

    fn one(&mut self) -> bool {
        if self.eat("(") {
            let held = self.any_of();
            assert!(self.eat(")"), "what is this condition? {}", self.expression.text);
            return held;
        }
        for (function, wanted) in [("attribute_exists", true), ("attribute_not_exists", false)] {
            if self.eat(function) {
                assert!(self.eat("("));
                let held = self.operand().is_some() == wanted;
                assert!(self.eat(")"));
                return held;
            }
        }
        if self.eat("contains") {
            assert!(self.eat("("));
            let whole = self.operand();
            assert!(self.eat(","), "what is this condition? {}", self.expression.text);
            let part = self.operand();
            assert!(self.eat(")"));
            return whole.zip(part).is_some_and(|(whole, part)| contains(&whole, &part));
        }
        let left = self.operand();
        let comparator = self.take().expect("a comparator");
        let right = self.operand();
        if comparator == "BETWEEN" {
            assert!(self.eat("AND"));
            let high = self.operand();
            return compare(left.as_ref(), ">=", right.as_ref()) && compare(left.as_ref(), "<=", high.as_ref());
        }
        compare(left.as_ref(), comparator, right.as_ref())
    }

    /// A placeholder's value, or an attribute of the item, by its path; `None` for an attribute that is absent.
    fn operand(&mut self) -> Option<Value> {
        let word = self.take().expect("an operand");
        if word.starts_with(':') {
            let value = &self.expression.values[word];
            assert!(value.is_object(), "no value {word}");
            return Some(value.clone());
        }
        let mut path = word.split('.').map(|name| resolved(name, self.expression.names));
        let mut value = self.item.get(&path.next()?)?;
        for name in path {
            value = value["M"].get(&name)?;
        }
        Some(value.clone())
    }
}

/// An absent attribute is unequal to everything, and neither less nor greater.
fn compare(left: Option<&Value>, comparator: &str, right: Option<&Value>) -> bool {
    let (Some(left), Some(right)) = (left, right) else { return comparator == "<>" };
    let order = match (whole(left), whole(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ if left.get("S").is_some() && right.get("S").is_some() => Some(text(left).cmp(text(right))),
        _ => None,
    };
    match comparator {
        "=" => left == right,
        "<>" => left != right,
        "<" => order.is_some_and(std::cmp::Ordering::is_lt),
        "<=" => order.is_some_and(std::cmp::Ordering::is_le),
        ">" => order.is_some_and(std::cmp::Ordering::is_gt),
        ">=" => order.is_some_and(std::cmp::Ordering::is_ge),
        other => panic!("what is {other}?"),
    }
}

/// Whether a list has that element, or a text that part.
fn contains(whole: &Value, part: &Value) -> bool {
    match whole["L"].as_array() {
        Some(list) => list.contains(part),
        None => whole.get("S").is_some() && part.get("S").is_some() && text(whole).contains(text(part)),
    }
}

fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let of_a_word = |letter: char| letter.is_ascii_alphanumeric() || "_#:.".contains(letter);
        let length = if of_a_word(first) {
            rest.find(|letter| !of_a_word(letter)).unwrap_or(rest.len())
        } else if ["<=", ">=", "<>"].iter().any(|two| rest.starts_with(two)) {
            2
        } else {
            1
        };
        let (word, after) = rest.split_at(length);
        words.push(word);
        rest = after.trim_start();
    }
    words
}
