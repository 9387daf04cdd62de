//! The rules of atrio as pure code: what a venue sells, when, to whom, at what price, who may
//! enter, what a device may say, and what makes a booking suspicious. Nothing here reads a clock,
//! an environment, a socket or a random source: `now`, ids and seeds are arguments.

pub mod admission;
pub mod booking;
pub mod calendar;
pub mod cancellation;
pub mod device;
pub mod exchange;
pub mod gate;
pub mod give_back;
pub mod group;
pub mod hold;
pub mod holder;
pub mod id;
pub mod lease;
pub mod mail;
pub mod minimum;
pub mod moving;
pub mod offer;
pub mod on_sale;
pub mod order;
pub mod pass;
pub mod payment;
pub mod person;
pub mod person_limit;
pub mod premises;
pub mod pseudonym;
pub mod quota;
pub mod redemption;
pub mod release;
pub mod resale;
pub mod reseller;
pub mod resource;
pub mod retention;
pub mod risk;
pub mod shift;
pub mod slot;
pub mod staff;
pub mod tariff;
pub mod template;
pub mod text;
pub mod ticket;
pub mod venue;
pub mod voucher;
pub mod waiting;
pub mod webhook;
