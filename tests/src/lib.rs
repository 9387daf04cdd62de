//! atrio-tests.
