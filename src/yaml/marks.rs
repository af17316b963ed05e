//! Character positions (which the parser counts) to byte positions (which everything else uses).

/// Maps positions of one text.
pub(super) struct Marks<'t> {
    text: &'t str,
    /// The byte position of every eighth character; empty for a text without multi-byte characters.
    steps: Vec<u32>,
}

const STEP: usize = 8;

impl<'t> Marks<'t> {
    /// Reads the text once.
    pub(super) fn new(text: &'t str) -> Self {
        let steps = if text.is_ascii() {
            Vec::new()
        } else {
            let fit = |at| u32::try_from(at).unwrap_or(u32::MAX);
            text.char_indices().step_by(STEP).map(|(at, _)| fit(at)).collect()
        };
        Self { text, steps }
    }

    /// The byte position of a character, the text's length if there is none.
    pub(super) fn byte(&self, index: usize) -> usize {
        if self.steps.is_empty() {
            return index.min(self.text.len());
        }
        let Some(&base) = self.steps.get(index / STEP) else { return self.text.len() };
        let base = base as usize;
        self.text[base..].char_indices().nth(index % STEP).map_or(self.text.len(), |(at, _)| base + at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_maps_to_its_byte() {
        let long: String = "aä€😀\n".repeat(200);
        for text in ["", "abc", &long] {
            let marks = Marks::new(text);
            for (index, (at, _)) in text.char_indices().enumerate() {
                assert_eq!(marks.byte(index), at);
            }
            assert_eq!(marks.byte(text.chars().count()), text.len());
            assert_eq!(marks.byte(usize::MAX), text.len());
        }
    }
}
