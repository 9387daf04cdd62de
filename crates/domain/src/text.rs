//! Words shown to people, in the languages every venue speaks to its public.

use serde::{Deserialize, Serialize};

/// One sentence or name in Italian and English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Italian.
    pub it: String,
    /// English.
    pub en: String,
}

impl Text {
    /// Pairs the two languages.
    pub fn new(it: impl Into<String>, en: impl Into<String>) -> Self {
        Self { it: it.into(), en: en.into() }
    }

    /// Whether it says something in both languages.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.it.trim().is_empty() && !self.en.trim().is_empty()
    }

    /// Texts one after the other.
    #[must_use]
    pub fn list(texts: impl Iterator<Item = Self>, separator: &str) -> Self {
        let (it, en): (Vec<String>, Vec<String>) = texts.map(|text| (text.it, text.en)).unzip();
        Self::new(it.join(separator), en.join(separator))
    }

    /// The text as a sentence begins.
    #[must_use]
    pub fn with_capital(&self) -> Self {
        let capital = |words: &str| {
            let mut letters = words.chars();
            let first = letters.next().into_iter().flat_map(char::to_uppercase);
            first.chain(letters.as_str().chars()).collect::<String>()
        };
        Self::new(capital(&self.it), capital(&self.en))
    }

    /// The words in one language.
    #[must_use]
    pub fn in_locale(&self, locale: Locale) -> &str {
        match locale {
            Locale::It => &self.it,
            Locale::En => &self.en,
        }
    }
}

/// The language a visitor chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// Italian.
    #[default]
    It,
    /// English.
    En,
}
