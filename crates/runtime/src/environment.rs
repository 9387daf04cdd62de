//! Configuration from the environment, read once at cold start. A bad value stops the start and
//! names the variable.

use std::str::FromStr;

/// Why a function refuses to start.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// The variable is not set.
    #[error("environment variable `{name}` is not set: {meaning}")]
    Missing {
        /// The variable.
        name: &'static str,
        /// What it is for.
        meaning: &'static str,
    },
    /// The variable's value cannot be used. The value is not printed: it may be a secret.
    #[error("environment variable `{name}` cannot be used: {problem}")]
    Bad {
        /// The variable.
        name: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

/// A variable as text.
///
/// # Errors
/// When it is not set.
pub fn text(name: &'static str, meaning: &'static str) -> Result<String, EnvironmentError> {
    std::env::var(name).map_err(|_| EnvironmentError::Missing { name, meaning })
}

/// A variable as text where it is set to something; an empty one is as good as none.
#[must_use]
pub fn optional(name: &'static str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// A variable that parses.
///
/// # Errors
/// When it is not set or does not parse.
pub fn parsed<T>(name: &'static str, meaning: &'static str) -> Result<T, EnvironmentError>
where
    T: FromStr<Err: std::fmt::Display>,
{
    text(name, meaning)?.parse().map_err(|problem: T::Err| bad(name, problem))
}

/// The error for a variable whose value cannot be used.
pub fn bad(name: &'static str, problem: impl std::fmt::Display) -> EnvironmentError {
    EnvironmentError::Bad { name, problem: problem.to_string() }
}
