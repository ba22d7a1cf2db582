//! The places found, and the text without them.

use super::marker::{Label, PREFIX};
use super::view::{REDACTED, View};

/// A part of a view: `[start, end)`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) label: Label,
    /// The earlier layer knows better what it was.
    order: usize,
}

#[derive(Default)]
pub(super) struct Spans {
    found: Vec<Span>,
}

impl Spans {
    pub(super) fn add(&mut self, view: &View, start: usize, end: usize, label: Label) {
        // A marker that is all there is stays as it is.
        if start < end && !view.slice(start, end).iter().all(|&b| b == REDACTED) {
            self.found.push(Span { start, end, label, order: self.found.len() });
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Sorted; what overlaps or touches is one.
    pub(super) fn merge(&mut self) {
        self.found.sort_unstable_by_key(|s| (s.start, s.order));
        let mut merged: Vec<Span> = Vec::with_capacity(self.found.len());
        for span in self.found.drain(..) {
            match merged.last_mut() {
                Some(last) if span.start <= last.end => {
                    last.end = last.end.max(span.end);
                    if span.order < last.order {
                        (last.label, last.order) = (span.label, span.order);
                    }
                }
                _ => merged.push(span),
            }
        }
        self.found = merged;
        // What is added later comes after all of these.
        for (order, span) in self.found.iter_mut().enumerate() {
            span.order = order;
        }
    }

    pub(super) fn list(&self) -> &[Span] {
        &self.found
    }

    /// The source with each span replaced. The spans are merged.
    pub(super) fn render(&self, text: &str, view: &View) -> String {
        let mut out = String::with_capacity(text.len());
        let mut copied = 0;
        for span in &self.found {
            out.push_str(&text[copied..view.source(span.start)]);
            out.push_str(PREFIX);
            out.push_str(span.label);
            out.push(']');
            copied = view.source(span.end);
        }
        out.push_str(&text[copied..]);
        out
    }
}
