//! Values that are recognised: a table that is asked for many more values than it has.

use rustc_hash::FxHashMap;

/// Bits of the sieve.
const BITS: usize = 1 << 16;

/// A table by residues. A sieve before it knows most of those that it does not have.
#[derive(Debug, Clone)]
pub(super) struct Known<V> {
    table: FxHashMap<u64, V>,
    /// For the last bits of residues, whether the table has one that ends so; empty if it has none at all.
    sieve: Vec<u64>,
}

impl<V> Default for Known<V> {
    fn default() -> Self {
        Known { table: FxHashMap::default(), sieve: Vec::new() }
    }
}

impl<V> Known<V> {
    pub fn get(&self, key: u64) -> Option<&V> {
        let (word, bit) = place(key);
        if self.sieve.get(word).is_none_or(|w| w & bit == 0) {
            return None;
        }
        self.table.get(&key)
    }

    /// Notes a value, unless one is known for this residue.
    pub fn note(&mut self, key: u64, value: V) {
        if self.sieve.is_empty() {
            self.sieve = vec![0; BITS / 64];
        }
        let (word, bit) = place(key);
        self.sieve[word] |= bit;
        self.table.entry(key).or_insert(value);
    }

    pub fn len(&self) -> usize {
        self.table.len()
    }
}

fn place(key: u64) -> (usize, u64) {
    let low = key as usize % BITS;
    (low / 64, 1 << (low % 64))
}

#[cfg(test)]
mod tests {
    use super::{BITS, Known};

    #[test]
    fn what_was_noted_first_stays() {
        let mut known = Known::default();
        assert_eq!(known.get(7), None);
        known.note(7, 1);
        known.note(7, 2);
        assert_eq!((known.get(7), known.len()), (Some(&1), 1));
        // The same last bits.
        assert_eq!(known.get(7 + BITS as u64), None);
    }
}
