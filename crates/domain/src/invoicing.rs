//! What resellers owe: what is agreed with one, what a booking makes of that, what a month comes to, and the
//! invoice of it in the form that Italian law asks for. Pure arithmetic in whole cents; no clock, no table.

pub mod fattura;
pub mod firm;
pub mod invoice;
pub mod ledger;
pub mod month;
pub mod statement;
pub mod terms;

#[cfg(test)]
mod tests;
