//! Building a mapping from entries and merge keys (`<<`).

use super::{Key, Map, Node, Value};

/// Collects the entries of a mapping in the order they are written. An explicit key always wins over a merged one,
/// wherever it stands; of several merged mappings the first wins.
#[derive(Debug, Default)]
pub struct MapBuilder {
    map: Map,
    /// What `<<` brings, and how many explicit keys stood before it.
    merges: Vec<(usize, Map)>,
}

impl MapBuilder {
    /// Room for this many keys.
    pub fn with_capacity(keys: usize) -> Self {
        Self { map: Map::with_capacity(keys), merges: Vec::new() }
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// Gives the earlier key back if there is an equal one already; the new entry is dropped.
    pub fn insert(&mut self, key: Key, node: Node) -> Result<(), Key> {
        match self.map.0.entry(key) {
            indexmap::map::Entry::Occupied(entry) => Err(entry.key().clone()),
            indexmap::map::Entry::Vacant(slot) => {
                slot.insert(node);
                Ok(())
            }
        }
    }

    /// Merges what `<<` names: a mapping or a list of mappings.
    ///
    /// # Errors
    /// Gives back what cannot be merged.
    pub fn merge(&mut self, node: Node) -> Result<(), Node> {
        match node.value {
            Value::Map(map) => self.merges.push((self.map.len(), map)),
            Value::Seq(items) if items.iter().all(|n| matches!(n.value, Value::Map(_))) => {
                for item in items {
                    self.merge(item)?;
                }
            }
            value => return Err(Node { value, ..node }),
        }
        Ok(())
    }

    /// The mapping; merged keys stand where `<<` stood.
    pub fn finish(self) -> Map {
        if self.merges.is_empty() {
            return self.map;
        }
        let mut merges: Vec<(usize, Map)> = self.merges;
        for (_, merged) in &mut merges {
            merged.0.retain(|key, _| !self.map.contains(&key.text));
        }
        let mut merges = merges.into_iter().peekable();
        let mut result = Map::new();
        let mut add = |result: &mut Map, upto: usize| {
            while let Some((_, merged)) = merges.next_if(|(at, _)| *at <= upto) {
                for (key, node) in merged {
                    result.0.entry(key).or_insert(node);
                }
            }
        };
        for (index, (key, node)) in self.map.into_iter().enumerate() {
            add(&mut result, index);
            result.insert(key, node);
        }
        add(&mut result, usize::MAX);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(entries: &[(&str, i64)]) -> Map {
        entries.iter().map(|(k, v)| (*k, Node::new(*v))).collect()
    }

    fn list(map: &Map) -> Vec<(&str, i64)> {
        map.iter().filter_map(|(k, v)| v.as_int().map(|v| (&*k.text, v))).collect()
    }

    #[test]
    fn explicit_keys_win_on_both_sides_and_merged_ones_stand_where_the_merge_stands() {
        let mut builder = MapBuilder::default();
        builder.insert("a".into(), Node::new(1i64)).expect("new");
        builder.merge(Node::new(map(&[("a", 9), ("x", 2), ("z", 9)]))).expect("a mapping");
        builder.insert("z".into(), Node::new(3i64)).expect("new");
        assert_eq!(list(&builder.finish()), [("a", 1), ("x", 2), ("z", 3)]);
    }

    #[test]
    fn of_several_merged_mappings_the_first_wins() {
        let mut builder = MapBuilder::default();
        let list_of_maps = vec![Node::new(map(&[("a", 1)])), Node::new(map(&[("a", 2), ("b", 2)]))];
        builder.merge(Node::new(list_of_maps)).expect("mappings");
        assert_eq!(list(&builder.finish()), [("a", 1), ("b", 2)]);
        assert!(MapBuilder::default().merge(Node::new(1i64)).is_err());
    }

    #[test]
    fn an_equal_key_comes_back_with_the_first_place() {
        let mut builder = MapBuilder::default();
        builder.insert("a".into(), Node::new(1i64)).expect("new");
        assert_eq!(builder.insert("a".into(), Node::new(2i64)), Err("a".into()));
        assert_eq!(list(&builder.finish()), [("a", 1)]);
    }
}
