//! Items of the line before a sale: `LINE#venue#product#sale` / `LINE` counts who stands in it, and
//! `PLACE#person` says where one person does, by the keyed hash of a mail address. They go when nobody
//! needs the line any more.

use atrio_domain::on_sale::{Line, LineOf, Standing};
use atrio_domain::retention::Record;
use aws_sdk_dynamodb::types::ReturnValue;

use crate::attributes::{Attributes, number, text, time_to_live};
use crate::table::TTL;
use crate::transaction::{Condition, Written};
use crate::{Error, Item, Store, key};

fn partition(of: &LineOf<'_>) -> String {
    format!("LINE#{}#{}#{}", of.venue, of.product, of.sale.id)
}

fn line_key(of: &LineOf<'_>) -> Item {
    key(partition(of), "LINE")
}

fn place_key(of: &LineOf<'_>, person: &str) -> Item {
    key(partition(of), format!("PLACE#{person}"))
}

fn line(item: &Item) -> Result<Line, Error> {
    let read = Attributes::of(item);
    let count = |name| Ok(read.optional_number(name)?.unwrap_or(0));
    Ok(Line { drawn: count("drawn")?, behind: count("behind")? })
}

fn standing(item: &Item) -> Result<Standing, Error> {
    let read = Attributes::of(item);
    let written = read.text("standing")?;
    Standing::read(written).ok_or_else(|| read.malformed("standing", format!("is `{written}`")))
}

fn place(of: &LineOf<'_>, person: &str, standing: Standing) -> Item {
    let mut item = place_key(of, person);
    item.insert("standing".to_owned(), text(standing.text()));
    let until = Record::SaleLine.until(of.sale.line_ends_at);
    item.insert(TTL.to_owned(), time_to_live(until));
    item
}

impl Store {
    /// Who stands in a line.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn line(&self, of: &LineOf<'_>) -> Result<Line, Error> {
        self.get(line_key(of)).await?.as_ref().map_or(Ok(Line::default()), line)
    }

    /// Where a person stands in a line, if anywhere.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn standing(&self, of: &LineOf<'_>, person: &str) -> Result<Option<Standing>, Error> {
        self.get(place_key(of, person)).await?.as_ref().map(standing).transpose()
    }

    /// Takes a person into the draw, counted once; answers where they stand.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn join_draw(
        &self,
        of: &LineOf<'_>,
        person: &str,
        drawn: Standing,
    ) -> Result<Standing, Error> {
        let counted = Condition::none()
            .name("#ttl", TTL)
            .value(":one", number(1))
            .value(":ttl", time_to_live(Record::SaleLine.until(of.sale.line_ends_at)));
        let writes = vec![
            self.put(place(of, person, drawn), Condition::absent())?,
            self.update(line_key(of), "ADD drawn :one SET #ttl = :ttl", counted)?,
        ];
        match self.transact(writes).await? {
            Written::All => Ok(drawn),
            Written::Refused(found) => match found.first() {
                Some(Some(before)) => standing(before),
                _ => Err(Error::Stale { key: partition(of) }),
            },
        }
    }

    /// Takes the next number behind the draw.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn number_behind(&self, of: &LineOf<'_>) -> Result<Line, Error> {
        let ttl = time_to_live(Record::SaleLine.until(of.sale.line_ends_at));
        let updated = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(line_key(of)))
            .update_expression("ADD behind :one SET #ttl = :ttl")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":ttl", ttl)
            .return_values(ReturnValue::AllNew)
            .send()
            .await
            .map_err(Error::service("UpdateItem"))?;
        line(&updated.attributes.unwrap_or_default())
    }

    /// Lets turns go by that nobody took, unless others did so before.
    ///
    /// # Errors
    /// The service's own.
    pub async fn let_turns_go(&self, of: &LineOf<'_>, behind: u32) -> Result<(), Error> {
        let fewer = Condition::when("behind < :behind").value(":behind", number(behind));
        let update = self.update(line_key(of), "SET behind = :behind", fewer)?;
        self.transact(vec![update]).await.map(drop)
    }

    /// Notes where a person stands, in the place of where they stood before; answers where they do.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn stand(
        &self,
        of: &LineOf<'_>,
        person: &str,
        before: Option<Standing>,
        now: Standing,
    ) -> Result<Standing, Error> {
        let unchanged = match before {
            None => Condition::absent(),
            Some(before) => {
                Condition::when("standing = :before").value(":before", text(before.text()))
            }
        };
        match self.transact(vec![self.put(place(of, person, now), unchanged)?]).await? {
            Written::All => Ok(now),
            Written::Refused(found) => match found.first() {
                // Asked twice at once: the first stands.
                Some(Some(other)) if !other.is_empty() => standing(other),
                _ => Err(Error::Stale { key: partition(of) }),
            },
        }
    }
}
