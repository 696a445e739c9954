//! Files as the editor has them, and on disk those that are not open.

use std::collections::BTreeMap;

use super::super::files::Disk;
use crate::uses::{Loader, Location};

/// Files as the editor has them, and on disk those that are not open.
pub struct Open<'a> {
    disk: Disk,
    texts: &'a BTreeMap<String, String>,
}

impl<'a> Open<'a> {
    /// With these open texts, by their names.
    pub fn new(texts: &'a BTreeMap<String, String>) -> Self {
        Open { disk: Disk::default(), texts }
    }
}

impl Loader for Open<'_> {
    fn locate(&self, from: &str, path: &str) -> Result<Location, (String, String)> {
        self.disk.locate(from, path)
    }

    fn read(&self, place: &Location) -> Result<String, String> {
        self.texts.get(&place.name).map_or_else(|| self.disk.read(place), |text| Ok(text.clone()))
    }

    fn bytes(&self, place: &Location) -> Result<Vec<u8>, String> {
        self.disk.bytes(place)
    }
}
