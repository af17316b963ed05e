//! Archives of charts (`.tgz`), read in memory. An archive is hostile input: nothing of it is written anywhere, and its
//! size, its entries and their names are bounded.

use super::files::Memory;
use flate2::read::MultiGzDecoder;
use std::{cell::Cell, collections::BTreeMap, io::Read};
use tar::{Archive, EntryType};

/// An archive has no more entries than this.
const MOST: usize = 10_000;

/// How many bytes may still be unpacked, by an archive and all those in it.
pub(super) struct Budget(Cell<u64>);

impl Budget {
    /// What no chart comes near.
    pub(super) fn new() -> Self {
        Self(Cell::new(64 << 20))
    }
}

/// The files of an archive without their first folder, which is the chart's.
///
/// # Errors
/// Says in a few words what is wrong, to be put behind the archive's name.
pub(super) fn unpack(bytes: &[u8], budget: &Budget) -> Result<Memory, String> {
    let most = budget.0.get();
    let mut unpacked = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(most + 1).read_to_end(&mut unpacked);
    read.map_err(|error| format!("is no gzip archive: {error}"))?;
    let size = u64::try_from(unpacked.len()).unwrap_or(u64::MAX);
    if size > most {
        return Err("is larger than 64 MiB when unpacked".to_owned());
    }
    budget.0.set(most - size);
    let mut archive = Archive::new(unpacked.as_slice());
    let mut files = BTreeMap::new();
    let entries = archive.entries().map_err(|error| format!("is no tar archive: {error}"))?;
    for (count, entry) in entries.enumerate() {
        if count >= MOST {
            return Err(format!("has more than {MOST} entries"));
        }
        let mut entry = entry.map_err(|error| format!("is no sound tar archive: {error}"))?;
        let path = String::from_utf8(entry.path_bytes().into_owned());
        let path = path.map_err(|_| "has a name that is not UTF-8".to_owned())?;
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => {}
            EntryType::Directory | EntryType::XGlobalHeader => continue,
            _ => return Err(format!("has `{path}`, which is neither a file nor a folder")),
        }
        let Some(path) = inside(&path)? else { continue };
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(|error| format!("is no sound tar archive: {error}"))?;
        if files.insert(path.clone(), content).is_some() {
            return Err(format!("has `{path}` twice"));
        }
    }
    Ok(Memory(files))
}

/// A path below the first folder; `None` for a file that is in none.
fn inside(path: &str) -> Result<Option<String>, String> {
    let bad = |part: &str| part == ".." || part.contains('\\') || part.chars().any(char::is_control);
    if path.starts_with('/') || path.split('/').any(bad) {
        return Err(format!("has the path `{}`, which leads out of it", path.escape_debug()));
    }
    let mut parts = path.split('/').filter(|part| !part.is_empty() && *part != ".");
    let below = parts.next().map(|_| parts.collect::<Vec<_>>().join("/"));
    Ok(below.filter(|path| !path.is_empty()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;
    use std::io::Write;
    use tar::Header;

    pub(in crate::load) fn packed(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
        let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (path, kind, content) in entries {
            let mut header = Header::new_ustar();
            // Past the library, which writes no such names.
            header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_entry_type(*kind);
            header.set_size(content.len() as u64);
            header.set_cksum();
            tar.append(&header, *content).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    }

    fn said(entries: &[(&str, EntryType, &[u8])]) -> String {
        unpack(&packed(entries), &Budget::new()).unwrap_err()
    }

    #[test]
    fn the_files_of_a_chart_are_there_without_its_folder() {
        let bytes = packed(&[
            ("app/", EntryType::Directory, b""),
            ("app/Chart.yaml", EntryType::Regular, b"name: app\n"),
            ("./app/charts/x-1.tgz", EntryType::Regular, b"1"),
            ("README", EntryType::Regular, b"2"),
        ]);
        let files = unpack(&bytes, &Budget::new()).unwrap().0;
        let paths: Vec<&str> = files.keys().map(String::as_str).collect();
        // `./app` has the same first folder as `app`.
        assert_eq!(paths, ["Chart.yaml", "charts/x-1.tgz"]);
        assert_eq!(files["Chart.yaml"], b"name: app\n");
    }

    #[test]
    fn no_path_leads_out_and_nothing_is_a_link() {
        for path in ["app/../../x", "/etc/x", "app/a\\b", "app/a\nb"] {
            assert!(said(&[(path, EntryType::Regular, b"x")]).contains("leads out"), "{path}");
        }
        for kind in [EntryType::Symlink, EntryType::Link, EntryType::Char, EntryType::Fifo] {
            assert_eq!(said(&[("app/x", kind, b"")]), "has `app/x`, which is neither a file nor a folder");
        }
        let twice = [("a/x", EntryType::Regular, &b"1"[..]), ("b/x", EntryType::Regular, b"2")];
        assert_eq!(said(&twice), "has `x` twice");
    }

    #[test]
    fn what_unpacks_to_too_much_is_refused() {
        let zeros = vec![0; 1 << 20];
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        (0..65).for_each(|_| encoder.write_all(&zeros).unwrap());
        let bomb = encoder.finish().unwrap();
        assert!(bomb.len() < 1 << 20);
        assert_eq!(unpack(&bomb, &Budget::new()).unwrap_err(), "is larger than 64 MiB when unpacked");
        let many: Vec<_> = (0..=MOST).map(|_| ("a/", EntryType::Directory, &b""[..])).collect();
        assert_eq!(said(&many), format!("has more than {MOST} entries"));
    }

    #[test]
    fn archives_in_an_archive_share_its_budget() {
        let budget = Budget::new();
        let bytes = packed(&[("a/x", EntryType::Regular, &vec![0; 30 << 20])]);
        assert!(unpack(&bytes, &budget).is_ok());
        assert!(unpack(&bytes, &budget).is_ok());
        assert!(unpack(&bytes, &budget).is_err());
    }

    proptest! {
        /// Whatever stands in an archive: it is read or refused, and no name in it leads out.
        #[test]
        fn no_bytes_make_unpacking_panic(at in 0..1536usize, byte: u8, more in proptest::collection::vec(any::<u8>(), 0..64)) {
            let whole = packed(&[("a/x", EntryType::Regular, &[1; 20]), ("a/y", EntryType::Regular, b"")]);
            let mut tar = Vec::new();
            MultiGzDecoder::new(whole.as_slice()).read_to_end(&mut tar).unwrap();
            tar[at] = byte;
            let end = (at + more.len()).min(tar.len());
            tar[at..end].copy_from_slice(&more[..end - at]);
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&tar).unwrap();
            if let Ok(files) = unpack(&encoder.finish().unwrap(), &Budget::new()) {
                prop_assert!(files.0.keys().all(|path| !path.starts_with('/') && path.split('/').all(|p| p != "..")));
            }
            let _ = unpack(&more, &Budget::new());
        }
    }

    #[test]
    fn what_is_no_archive_is_told() {
        assert!(unpack(b"text", &Budget::new()).unwrap_err().starts_with("is no gzip archive"));
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&[b'x'; 2000]).unwrap();
        let bytes = encoder.finish().unwrap();
        assert!(unpack(&bytes, &Budget::new()).unwrap_err().starts_with("is no sound tar archive"));
        let whole = packed(&[("a/x", EntryType::Regular, &[1; 5000])]);
        assert!(unpack(&whole[..whole.len() / 2], &Budget::new()).is_err());
    }
}
