//! What a question over released cells may be made of. It may do with them what it likes, for they are
//! public; the lists keep out what is no question: other sources, settings, plans shown, and functions
//! that are not known to be harmless.

use deltalake::datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use deltalake::datafusion::error::DataFusionError;
use deltalake::datafusion::logical_expr::expr::WindowFunctionDefinition;
use deltalake::datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator};

use super::NotAllowed;

pub(super) const READ_ONLY: &str = "ask with one SELECT over the tables of the lake";
const KNOWN_FUNCTIONS: &str = "see docs/privacy.md for the functions there are";

/// Functions of one row. None makes a word that is longer than what it is made of: nested in each other, a few
/// would make one that no memory holds.
const SCALAR: &[&str] = &[
    "abs",
    "ceil",
    "coalesce",
    "date_part",
    "date_trunc",
    "extract",
    "floor",
    "greatest",
    "least",
    "ln",
    "lower",
    "nullif",
    "nvl",
    "power",
    "round",
    "sign",
    "sqrt",
    "substr",
    "to_char",
    "trim",
    "btrim",
    "trunc",
    "upper",
    "log",
    "exp",
    "left",
    "right",
    "starts_with",
    "character_length",
    "to_date",
    "to_timestamp",
    "strpos",
    "isnan",
    "date_bin",
];

/// Functions of many rows.
const AGGREGATE: &[&str] = &[
    "sum",
    "count",
    "avg",
    "min",
    "max",
    "median",
    "stddev",
    "stddev_pop",
    "var",
    "var_pop",
    "corr",
    "approx_percentile_cont",
    "percentile_cont",
    "first_value",
    "last_value",
    "grouping",
];

/// Functions of a window.
const WINDOW: &[&str] = &[
    "row_number",
    "rank",
    "dense_rank",
    "percent_rank",
    "cume_dist",
    "ntile",
    "lag",
    "lead",
    "first_value",
    "last_value",
    "nth_value",
];

/// Whether a plan is on the lists, with all that is below it.
pub(super) fn check(plan: &LogicalPlan) -> Result<(), DataFusionError> {
    plan.apply_with_subqueries(|node| {
        check_node(node)?;
        check_expressions(node)?;
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(())
}

pub(super) fn check_node(node: &LogicalPlan) -> Result<(), NotAllowed> {
    match node {
        LogicalPlan::Projection(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::Window(_)
        | LogicalPlan::Aggregate(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Join(_)
        | LogicalPlan::Union(_)
        | LogicalPlan::EmptyRelation(_)
        | LogicalPlan::Subquery(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Values(_)
        | LogicalPlan::Distinct(_) => Ok(()),
        LogicalPlan::TableScan(scan) if super::is_known(scan.table_name.table()) => Ok(()),
        LogicalPlan::TableScan(_) => Err(NotAllowed::new("this source", READ_ONLY)),
        other => Err(NotAllowed::new(kind(other), READ_ONLY)),
    }
}

/// What a node is called in a refusal.
fn kind(node: &LogicalPlan) -> &'static str {
    match node {
        LogicalPlan::Explain(_) | LogicalPlan::Analyze(_) => "EXPLAIN",
        LogicalPlan::Ddl(_) => "a statement that defines something",
        LogicalPlan::Dml(_) => "a statement that changes something",
        LogicalPlan::Copy(_) => "COPY",
        LogicalPlan::Statement(_) => "a statement of the session",
        LogicalPlan::DescribeTable(_) => "DESCRIBE",
        LogicalPlan::RecursiveQuery(_) => "a recursive query",
        _ => "this kind of question",
    }
}

/// Whether the expressions of one node are on the lists.
pub(super) fn check_expressions(node: &LogicalPlan) -> Result<(), DataFusionError> {
    node.apply_expressions(|expression| {
        expression.apply(|part| {
            check_expression(part)?;
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    Ok(())
}

pub(super) fn check_expression(expression: &Expr) -> Result<(), NotAllowed> {
    match expression {
        Expr::Alias(_)
        | Expr::Column(_)
        | Expr::Literal(..)
        | Expr::Like(_)
        | Expr::Not(_)
        | Expr::IsNotNull(_)
        | Expr::IsNull(_)
        | Expr::IsTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNotFalse(_)
        | Expr::IsNotUnknown(_)
        | Expr::Negative(_)
        | Expr::Between(_)
        | Expr::Case(_)
        | Expr::Cast(_)
        | Expr::TryCast(_)
        | Expr::InList(_)
        | Expr::Exists(_)
        | Expr::InSubquery(_)
        | Expr::SetComparison(_)
        | Expr::ScalarSubquery(_)
        | Expr::OuterReferenceColumn(..)
        | Expr::GroupingSet(_) => Ok(()),
        Expr::BinaryExpr(both) if is_concatenation(both) => {
            Err(NotAllowed::new("putting words together", KNOWN_FUNCTIONS))
        }
        Expr::BinaryExpr(_) => Ok(()),
        Expr::ScalarFunction(function) => known(SCALAR, function.name()),
        Expr::AggregateFunction(function) => known(AGGREGATE, function.func.name()),
        Expr::WindowFunction(window) => match &window.fun {
            WindowFunctionDefinition::AggregateUDF(function) => known(AGGREGATE, function.name()),
            WindowFunctionDefinition::WindowUDF(function) => known(WINDOW, function.name()),
        },
        _ => Err(NotAllowed::new("this expression", READ_ONLY)),
    }
}

pub(super) fn is_concatenation(both: &BinaryExpr) -> bool {
    both.op == Operator::StringConcat
}

fn known(list: &[&str], name: &str) -> Result<(), NotAllowed> {
    if list.contains(&name) {
        Ok(())
    } else {
        Err(NotAllowed::new(format!("the function `{name}`"), KNOWN_FUNCTIONS))
    }
}
