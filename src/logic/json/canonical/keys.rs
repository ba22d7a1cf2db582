//! The keys of the objects that are being read, one behind the other in one text.

/// A stack of texts.
#[derive(Default)]
pub(super) struct Keys {
    text: String,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Keys {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn push(&mut self, key: &str) {
        self.text.push_str(key);
        self.ends.push(self.text.len());
    }

    pub(super) fn get(&self, index: usize) -> &str {
        &self.text[self.end_before(index)..self.ends[index]]
    }

    pub(super) fn truncate(&mut self, length: usize) {
        self.text.truncate(self.end_before(length));
        self.ends.truncate(length);
    }

    fn end_before(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.ends[before])
    }
}
