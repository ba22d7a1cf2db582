//! Calls a [`Tick`] now and then.

use std::cell::Cell;

use crate::Tick;

/// Calls the tick once in a thousand steps.
pub(crate) struct Ticker<'a> {
    tick: Tick<'a>,
    left: Cell<u32>,
}

impl<'a> Ticker<'a> {
    const EVERY: u32 = 1000;

    pub(crate) fn new(tick: Tick<'a>) -> Self {
        Self { tick, left: Cell::new(Self::EVERY) }
    }

    /// A step was done.
    #[inline]
    pub(crate) fn count(&self) {
        match self.left.get() {
            0 => {
                self.left.set(Self::EVERY);
                (self.tick)();
            }
            left => self.left.set(left - 1),
        }
    }
}
