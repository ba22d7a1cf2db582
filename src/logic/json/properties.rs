//! Properties of canonical texts over random values, each in random spellings.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::canonical::canonical_json;
use crate::error::Error;

fn canonical(text: &str) -> Result<String, Error> {
    canonical_json(text, &|| ())
}

/// A value, and the random spellings of it.
#[derive(Debug, Clone)]
enum Value {
    Word(&'static str),
    /// mantissa * 10^exponent
    Number(i64, i32),
    String(String),
    Array(Vec<Value>),
    Object(BTreeMap<String, Value>),
}

/// What a value means: numbers as exact decimals, arrays as multisets.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Meaning {
    Word(&'static str),
    Number(i64, i32),
    String(String),
    Array(Vec<Meaning>),
    Object(BTreeMap<String, Meaning>),
}

impl Value {
    fn meaning(&self) -> Meaning {
        match self {
            Self::Word(word) => Meaning::Word(word),
            Self::Number(0, _) => Meaning::Number(0, 0),
            Self::Number(mantissa, exponent) => {
                let (mut mantissa, mut exponent) = (*mantissa, *exponent);
                while mantissa % 10 == 0 {
                    (mantissa, exponent) = (mantissa / 10, exponent + 1);
                }
                Meaning::Number(mantissa, exponent)
            }
            Self::String(string) => Meaning::String(string.clone()),
            Self::Array(elements) => {
                let mut elements: Vec<_> = elements.iter().map(Self::meaning).collect();
                elements.sort();
                Meaning::Array(elements)
            }
            Self::Object(members) => {
                Meaning::Object(members.iter().map(|(key, value)| (key.clone(), value.meaning())).collect())
            }
        }
    }
}

/// Spells values at random; the choices follow from the seed.
struct Speller(u64);

impl Speller {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn space(&mut self, out: &mut String) {
        for _ in 0..self.below(3) {
            out.push_str([" ", "\n", "\t", "\r\n"][self.below(4)]);
        }
    }

    fn value(&mut self, out: &mut String, value: &Value) {
        self.space(out);
        match value {
            Value::Word(word) => out.push_str(word),
            Value::Number(mantissa, exponent) => self.number(out, *mantissa, *exponent),
            Value::String(string) => self.string(out, string),
            Value::Array(elements) => {
                let mut elements: Vec<_> = elements.iter().collect();
                out.push('[');
                while !elements.is_empty() {
                    let at = self.below(elements.len());
                    self.value(out, elements.swap_remove(at));
                    out.push_str(if elements.is_empty() { "" } else { "," });
                }
                out.push(']');
            }
            Value::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                out.push('{');
                while !members.is_empty() {
                    let (key, value) = if self.below(8) == 0 {
                        (members[0].0, &Value::Word("null")) // overridden below
                    } else {
                        let at = self.below(members.len());
                        members.swap_remove(at)
                    };
                    self.space(out);
                    self.string(out, key);
                    self.space(out);
                    out.push(':');
                    self.value(out, value);
                    out.push_str(if members.is_empty() { "" } else { "," });
                }
                out.push('}');
            }
        }
        self.space(out);
    }

    fn string(&mut self, out: &mut String, string: &str) {
        out.push('"');
        for char in string.chars() {
            let must = char < ' ' || char == '"' || char == '\\';
            match (self.below(3), char) {
                (0, '"') => out.push_str("\\\""),
                (0, '\\') => out.push_str("\\\\"),
                (0, '/') => out.push_str("\\/"),
                (0, '\n') => out.push_str("\\n"),
                (0, '\u{8}') => out.push_str("\\b"),
                (roll, _) if must || roll == 1 => {
                    for unit in char.encode_utf16(&mut [0; 2]) {
                        let hex = format!("\\u{unit:04x}");
                        out.push_str(&if self.below(2) == 0 {
                            hex.to_uppercase().replace("\\U", "\\u")
                        } else {
                            hex
                        });
                    }
                }
                _ => out.push(char),
            }
        }
        out.push('"');
    }

    fn number(&mut self, out: &mut String, mantissa: i64, exponent: i32) {
        let e = ["e", "E"][self.below(2)];
        let sign = if mantissa < 0 || mantissa == 0 && self.below(2) == 0 { "-" } else { "" };
        let (digits, zeros) = (mantissa.unsigned_abs().to_string(), self.below(4));
        let padded = format!("{digits}{}", "0".repeat(zeros));
        let shifted = exponent - zeros as i32;
        match self.below(3) {
            0 if exponent == 0 => out.push_str(&format!("{sign}{digits}")),
            1 => out.push_str(&format!("{sign}0.{padded}{e}{}", shifted + padded.len() as i32)),
            2 if padded.len() > 1 => {
                let at = 1 + self.below(padded.len() - 1);
                let moved = shifted + (padded.len() - at) as i32;
                let head = &padded[..at];
                let head = if mantissa == 0 { "0" } else { head };
                out.push_str(&format!("{sign}{head}.{}{e}{moved:+}", &padded[at..]));
            }
            _ => out.push_str(&format!(
                "{sign}{digits}{}{e}{shifted}",
                if mantissa == 0 { "" } else { &padded[digits.len()..] }
            )),
        }
    }
}

fn spell(value: &Value, seed: u64) -> String {
    let mut out = String::new();
    Speller(seed).value(&mut out, value);
    out
}

/// `narrow`: few different leaves, so that two values are often nearly or wholly the same.
fn values(narrow: bool) -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec!["null", "true", "false"]).prop_map(Value::Word);
    let strings =
        move || if narrow { "[a1]{0,1}" } else { "[a-c\"\\\\/\n\u{8}\u{1}é€\u{fb33}😀\u{10ffff}]{0,6}" };
    let (largest, exponents) = if narrow { (12, 0..2) } else { (999_999_999_999_i64, -30..4) };
    let number =
        (-largest..=largest, exponents).prop_map(|(mantissa, exponent)| Value::Number(mantissa, exponent));
    let leaf = prop_oneof![word, number, strings().prop_map(Value::String)];
    leaf.prop_recursive(if narrow { 6 } else { 8 }, if narrow { 8 } else { 64 }, if narrow { 2 } else { 6 }, move |inner| {
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 0..if narrow { 3 } else { 6 }).prop_map(Value::Array),
            1 => prop::collection::btree_map(strings(), inner, 0..if narrow { 2 } else { 6 }).prop_map(Value::Object),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_spelling_has_one_canonical_text(value in values(false), one: u64, other: u64) {
        let (one, other) = (spell(&value, one), spell(&value, other));
        let text = canonical(&one).unwrap();
        prop_assert_eq!(&canonical(&other).unwrap(), &text);
        prop_assert_eq!(&canonical(&text).unwrap(), &text);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    }

    #[test]
    fn texts_are_equal_exactly_where_values_are(a in values(true), b in values(true), seed: u64) {
        let same = canonical(&spell(&a, seed)).unwrap() == canonical(&spell(&b, !seed)).unwrap();
        prop_assert_eq!(same, a.meaning() == b.meaning());
    }

    /// Whatever the number: it is refused, or its text denotes the same decimal and is stable.
    #[test]
    fn a_number_comes_back_as_itself(digits in "[1-9][0-9]{0,18}", places in 0_usize..20, exponent in -330_i32..320) {
        let text = format!("{}.{}e{exponent}", &digits[..digits.len().min(places + 1)], &format!("{digits}0")[digits.len().min(places + 1)..]);
        if let Ok(canonical_text) = canonical(&text) {
            prop_assert_eq!(decimal(&canonical_text), decimal(&text));
            prop_assert_eq!(canonical(&canonical_text).unwrap(), canonical_text);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[\\[\\]{}:,\"\\\\u0-9eE.+a-f \n\u{feff}😀-]{0,40}") {
        let serde = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        match canonical(&text) {
            Ok(canonical_text) => {
                prop_assert!(serde);
                prop_assert_eq!(canonical(&canonical_text).unwrap(), canonical_text);
            }
            Err(error) => prop_assert!(!serde || error.message.starts_with("number") || text.contains("\\u"), "{}", error.detail),
        }
    }
}

/// The digits of a non-zero number without zeros at the ends, and the power of ten of the last one.
fn decimal(text: &str) -> (String, i32) {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let trimmed = digits.trim_end_matches('0');
    let power =
        exponent.parse::<i32>().unwrap() - fraction.len() as i32 + (digits.len() - trimmed.len()) as i32;
    (trimmed.trim_start_matches('0').to_owned(), power)
}
