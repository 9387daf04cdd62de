//! Where a lake lies.

use std::collections::HashMap;

/// The URL of a lake (`file:///…` or `s3://…`) with the options of its store. A table lies in the
/// folder of its name below it.
#[derive(Clone, PartialEq, Eq)]
pub struct LakeAddress {
    url: String,
    options: HashMap<String, String>,
}

impl LakeAddress {
    /// A lake at this URL, with store options from the environment.
    pub fn new(url: impl Into<String>) -> Self {
        let url: String = url.into();
        Self { url: url.trim_end_matches('/').to_owned(), options: HashMap::new() }
    }

    /// The same lake with options for its store, such as `aws_endpoint` and `aws_region`.
    #[must_use]
    pub fn with_options(mut self, options: HashMap<String, String>) -> Self {
        self.options = options;
        self
    }

    /// The URL without a slash at its end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The options of the store.
    #[must_use]
    pub fn options(&self) -> &HashMap<String, String> {
        &self.options
    }

    /// The URL of a table.
    #[must_use]
    pub fn table_url(&self, table: &str) -> String {
        format!("{}/{table}", self.url)
    }
}

impl From<&str> for LakeAddress {
    fn from(url: &str) -> Self {
        Self::new(url)
    }
}

impl From<String> for LakeAddress {
    fn from(url: String) -> Self {
        Self::new(url)
    }
}

impl std::fmt::Debug for LakeAddress {
    /// Prints the names of the options only: a value may be a secret key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut names: Vec<_> = self.options.keys().collect();
        names.sort();
        f.debug_struct("LakeAddress").field("url", &self.url).field("options", &names).finish()
    }
}
