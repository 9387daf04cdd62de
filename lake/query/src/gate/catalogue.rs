//! What programs ask about the tables before they ask the tables: the catalogue of PostgreSQL and the
//! information schema. What such a question reads is the names of public columns, so it may be made as
//! programs make theirs; it still changes nothing, and its functions are on a list as all are.

use deltalake::datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use deltalake::datafusion::error::DataFusionError;
use deltalake::datafusion::logical_expr::{Expr, LogicalPlan};

use super::{NotAllowed, allowed};

/// Where the tables about tables are.
const SCHEMAS: [&str; 2] = ["pg_catalog", "information_schema"];

/// What the functions of PostgreSQL's own are called in the beginning.
const OWN: &str = "pg_";

/// Functions that programs use of the catalogue.
const FUNCTIONS: &[&str] = &[
    "array_agg",
    "array_length",
    "array_lower",
    "array_position",
    "array_to_string",
    "array_upper",
    "col_description",
    "concat",
    "current_catalog",
    "current_database",
    "current_schema",
    "current_schemas",
    "current_setting",
    "current_user",
    "format_type",
    "get_field",
    "has_any_column_privilege",
    "has_database_privilege",
    "has_schema_privilege",
    "has_table_privilege",
    "make_array",
    "now",
    "obj_description",
    "parse_ident",
    "quote_ident",
    "regexp_like",
    "session_user",
    "shobj_description",
    "split_part",
    "string_agg",
    "to_regclass",
    "unnest",
    "version",
];

/// How often a question may put words together: each time the words may be twice as long.
const MOST_TOGETHER: usize = 12;

/// Whether a plan reads nothing but the catalogue.
pub(super) fn is_all_of(plan: &LogicalPlan) -> Result<bool, DataFusionError> {
    let mut is_all = true;
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let of_catalogue = scan.table_name.schema().is_some_and(|it| SCHEMAS.contains(&it));
            is_all &= of_catalogue || scan.table_name.table().starts_with(OWN);
        }
        Ok(if is_all { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    })?;
    Ok(is_all)
}

/// Whether a plan over the catalogue asks, and by functions that are known.
pub(super) fn check(plan: &LogicalPlan) -> Result<(), DataFusionError> {
    let mut together = 0;
    plan.apply_with_subqueries(|node| {
        match node {
            LogicalPlan::Unnest(_) | LogicalPlan::TableScan(_) | LogicalPlan::Repartition(_) => {}
            other => allowed::check_node(other)?,
        }
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                if !is_of_catalogue(part) {
                    allowed::check_expression(part)?;
                }
                together += usize::from(puts_together(part));
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    if together > MOST_TOGETHER {
        return Err(NotAllowed::new("putting so many words together", allowed::READ_ONLY).into());
    }
    Ok(())
}

fn is_of_catalogue(part: &Expr) -> bool {
    match part {
        Expr::ScalarFunction(function) => is_known(function.name()),
        Expr::AggregateFunction(function) => is_known(function.func.name()),
        Expr::Unnest(_) | Expr::SimilarTo(_) | Expr::Placeholder(_) => true,
        other => puts_together(other),
    }
}

fn is_known(function: &str) -> bool {
    function.starts_with(OWN) || FUNCTIONS.contains(&function)
}

fn puts_together(part: &Expr) -> bool {
    match part {
        Expr::BinaryExpr(both) => allowed::is_concatenation(both),
        Expr::ScalarFunction(function) => ["concat", "array_to_string"].contains(&function.name()),
        _ => false,
    }
}
