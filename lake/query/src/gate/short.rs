//! How long a question is once it is spelt out. A table that a question names by WITH stands in its plan as often as
//! it is used, so a short text may be a plan without end; and planning stops for nobody. It is measured
//! on the text's tree, before anything is planned.

use std::collections::HashMap;
use std::ops::ControlFlow;

use deltalake::datafusion::sql::parser::Statement as Question;
use deltalake::datafusion::sql::sqlparser::ast::{
    Query, Statement, Visit, Visitor, visit_relations,
};
use deltalake::datafusion::sql::sqlparser::dialect::GenericDialect;
use deltalake::datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use super::NotAllowed;
use super::allowed::READ_ONLY;

/// Tables that a question may use, each as often as it is used.
const MOST_TABLES: usize = 256;

/// Refuses a text of too many words, values and signs, commas aside, before it is read: what is written one behind
/// the other is worked on one inside the other, and a program ends where its stack does. A text that
/// cannot be split into words is left to who reads it, who says why.
///
/// # Errors
/// [`NotAllowed`] with the bound.
pub fn must_be_of_few_words(text: &str, most: usize) -> Result<(), NotAllowed> {
    let tokens = Tokenizer::new(&GenericDialect {}, text).tokenize().unwrap_or_default();
    let counts = |token: &&Token| !matches!(token, Token::Whitespace(_) | Token::Comma);
    let words = tokens.iter().filter(counts).count();
    if words > most {
        let what = format!("a question of {words} words, more than {most},");
        return Err(NotAllowed::new(what, "ask a shorter one"));
    }
    Ok(())
}

/// Refuses a question that is too long, or that cannot be measured.
///
/// # Errors
/// [`NotAllowed`] with what is too long.
pub fn must_be(question: &Question) -> Result<(), NotAllowed> {
    let statement = match question {
        Question::Statement(statement) => statement,
        Question::Explain(_) => return Err(NotAllowed::new("EXPLAIN", READ_ONLY)),
        _ => return Err(NotAllowed::new("this kind of statement", READ_ONLY)),
    };
    let names = match statement.as_ref() {
        Statement::Query(query) => u32::from(query.with.is_some()),
        _ => 0,
    };
    let mut found = Withs(0);
    // The visitor never breaks off.
    let _ = statement.visit(&mut found);
    if found.0 > names {
        return Err(NotAllowed::new(
            "WITH inside a question",
            "name tables by WITH at its beginning only",
        ));
    }
    let tables = match statement.as_ref() {
        Statement::Query(query) => spelt_out(query),
        other => used(other, &HashMap::new()),
    };
    if tables > MOST_TABLES {
        let what = format!("a question of more than {MOST_TABLES} tables");
        return Err(NotAllowed::new(
            what,
            "one named by WITH counts as often as it is used: use fewer",
        ));
    }
    Ok(())
}

/// The tables of a question, with those of the tables that it names.
fn spelt_out(query: &Query) -> usize {
    let mut named = HashMap::new();
    let mut all = 0_usize;
    for table in query.with.iter().flat_map(|with| &with.cte_tables) {
        let weight = used(table.query.as_ref(), &named);
        all = all.saturating_add(weight);
        named.insert(table.alias.name.value.to_lowercase(), weight);
    }
    // What WITH names is among what is visited here, too, as if it were used once more.
    all.saturating_add(used(query, &named))
}

fn used(part: &impl Visit, named: &HashMap<String, usize>) -> usize {
    let mut tables = 1_usize;
    let _: ControlFlow<()> = visit_relations(part, |relation| {
        let weight = named.get(&relation.to_string().to_lowercase()).copied().unwrap_or(1);
        tables = tables.saturating_add(weight);
        ControlFlow::Continue(())
    });
    tables
}

/// Counts the questions that name tables by WITH.
struct Withs(u32);

impl Visitor for Withs {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.0 += u32::from(query.with.is_some());
        ControlFlow::Continue(())
    }
}
