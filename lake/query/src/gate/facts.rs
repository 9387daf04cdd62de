//! What a data officer may ask of facts. The facts of a table are cut into cells of a fixed grid; a cell
//! with fewer privacy units than the table's least group does not exist for any question. Filters and
//! groups see the grid's columns and nothing finer, so every sum is one of whole cells: whatever two
//! questions differ by, wherever a window is moved, it is a whole cell or nothing, and the complement of
//! what is suppressed cannot be asked for, because nothing has it in its total.

use atrio_lake_schema::{Privacy, Table};
use deltalake::datafusion::common::tree_node::{Transformed, TreeNode as _, TreeNodeRecursion};
use deltalake::datafusion::common::{Column, NullEquality, ScalarValue};
use deltalake::datafusion::error::DataFusionError;
use deltalake::datafusion::functions_aggregate::expr_fn::count_distinct;
use deltalake::datafusion::logical_expr::{
    Aggregate, Distinct, Expr, JoinType, LogicalPlan, LogicalPlanBuilder, Operator, TableScan, col,
    lit,
};
use jiff::civil::Date;

use super::{NotAllowed, allowed};
use crate::Venues;

const ADD_UP: &str =
    "facts are added up only: SELECT … sum(…) FROM one table GROUP BY its grid columns";
const GRID_ONLY: &str = "filter and group facts by the columns of their grid, see docs/privacy.md";
const SUMS_ONLY: &str = "of facts there are count(*), and sum and avg of a column";

/// The rule of a table of facts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    /// The columns by which facts are filtered and grouped, and which make the cells.
    grid: &'static [&'static str],
    /// The column that tells privacy units apart.
    unit: &'static str,
}

/// The rule of that table; a table without one is not shown. Counts have no column that tells people
/// apart: of them there are released cells.
pub(super) fn rule(table: &str) -> Option<Rule> {
    let (grid, unit): (&[&str], &str) = match table {
        // Both are of the same sales, so their cells must be the same: were the units a part of the grid of one,
        // the other's total would give away the unit that is not shown.
        "bookings" | "unit_items" => {
            (&["month", "venue_id", "slot_day", "channel", "event"], "booking_key")
        }
        "admissions" => {
            (&["month", "venue_id", "slot_day", "direction", "unit_id"], "admission_key")
        }
        "decisions" => {
            (&["month", "venue_id", "slot_day", "outcome", "rules_version"], "decision_key")
        }
        _ => return None,
    };
    Some(Rule { grid, unit })
}

fn fact_scan(plan: &LogicalPlan) -> Option<(&TableScan, &'static Table, Rule)> {
    let LogicalPlan::TableScan(scan) = plan else { return None };
    let table = Table::named(scan.table_name.table())?;
    Some((scan, table, rule(table.name)?))
}

/// Whether a plan reads facts anywhere.
pub(super) fn are_read(plan: &LogicalPlan) -> Result<bool, DataFusionError> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        found |= matches!(node, LogicalPlan::TableScan(scan)
            if atrio_lake_schema::FACTS.iter().any(|t| t.name == scan.table_name.table()));
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}

/// Whether a plan over facts is a chain that adds them up first: one table, filters on its grid, one
/// aggregate, and above it whatever has one input.
pub(super) fn check(plan: &LogicalPlan) -> Result<(), DataFusionError> {
    let mut node = plan;
    loop {
        if let LogicalPlan::Aggregate(aggregate) = node
            && let Some((filters, scan)) = filtered_scan(&aggregate.input)
        {
            let Some((_, table, rule)) = fact_scan(scan) else {
                return Err(NotAllowed::new("this source", ADD_UP).into());
            };
            for filter in filters {
                check_filter(filter, rule)?;
            }
            return check_aggregate(aggregate, table, rule);
        }
        // No subquery is among the expressions that pass here, so nothing hides beside the chain.
        check_single(node)?;
        allowed::check_expressions(node)?;
        node = match node {
            LogicalPlan::Projection(above) => &above.input,
            LogicalPlan::Filter(above) => &above.input,
            LogicalPlan::Sort(above) => &above.input,
            LogicalPlan::Limit(above) => &above.input,
            LogicalPlan::SubqueryAlias(above) => &above.input,
            LogicalPlan::Aggregate(above) => &above.input,
            LogicalPlan::Distinct(Distinct::All(input)) => input,
            LogicalPlan::TableScan(_) => {
                return Err(NotAllowed::new("a row of facts", ADD_UP).into());
            }
            _ => return Err(NotAllowed::new("facts in this kind of question", ADD_UP).into()),
        };
    }
}

/// The filters on a table, and the scan below them; nothing where anything else is in between.
fn filtered_scan(mut plan: &LogicalPlan) -> Option<(Vec<&Expr>, &LogicalPlan)> {
    let mut filters = Vec::new();
    loop {
        plan = match plan {
            LogicalPlan::Filter(filter) => {
                filters.push(&filter.predicate);
                &filter.input
            }
            LogicalPlan::SubqueryAlias(alias) => &alias.input,
            LogicalPlan::TableScan(scan) => {
                filters.extend(&scan.filters);
                return scan.fetch.is_none().then_some((filters, plan));
            }
            _ => return None,
        };
    }
}

fn check_single(node: &LogicalPlan) -> Result<(), DataFusionError> {
    node.apply_expressions(|expression| {
        expression.apply(|part| match part {
            Expr::Exists(_)
            | Expr::InSubquery(_)
            | Expr::ScalarSubquery(_)
            | Expr::SetComparison(_)
            | Expr::OuterReferenceColumn(..)
            | Expr::WindowFunction(_) => {
                Err(NotAllowed::new("a subquery or window beside facts", ADD_UP).into())
            }
            _ => Ok(TreeNodeRecursion::Continue),
        })
    })?;
    Ok(())
}

/// A filter compares columns of the grid with values, and nothing else: an expression that fails for one
/// value and not for another would tell of a row by failing.
fn check_filter(filter: &Expr, rule: Rule) -> Result<(), NotAllowed> {
    match filter {
        Expr::BinaryExpr(both) => {
            let is_known = matches!(
                both.op,
                Operator::And
                    | Operator::Or
                    | Operator::Eq
                    | Operator::NotEq
                    | Operator::Lt
                    | Operator::LtEq
                    | Operator::Gt
                    | Operator::GtEq
            );
            if !is_known {
                return Err(NotAllowed::new(
                    format!("`{}` in a filter of facts", both.op),
                    GRID_ONLY,
                ));
            }
            check_filter(&both.left, rule)?;
            check_filter(&both.right, rule)
        }
        Expr::Not(inner) | Expr::IsNull(inner) | Expr::IsNotNull(inner) => {
            check_filter(inner, rule)
        }
        Expr::Between(between) => {
            check_filter(&between.expr, rule)?;
            check_filter(&between.low, rule)?;
            check_filter(&between.high, rule)
        }
        Expr::InList(list) => {
            check_filter(&list.expr, rule)?;
            list.list.iter().try_for_each(|value| check_filter(value, rule))
        }
        other => check_grid(other, rule),
    }
}

/// A value, a column of the grid, or the part of a day that it is in.
fn check_grid(expression: &Expr, rule: Rule) -> Result<(), NotAllowed> {
    match expression {
        Expr::Literal(..) => Ok(()),
        Expr::Cast(cast) if matches!(*cast.expr, Expr::Literal(..)) => Ok(()),
        Expr::Alias(alias) => check_grid(&alias.expr, rule),
        Expr::Column(column) if rule.grid.contains(&column.name.as_str()) => Ok(()),
        Expr::Column(column) => {
            Err(NotAllowed::new(format!("the column `{}` there", column.name), GRID_ONLY))
        }
        Expr::ScalarFunction(function)
            if ["date_trunc", "date_part"].contains(&function.name()) =>
        {
            function.args.iter().try_for_each(|argument| check_grid(argument, rule))
        }
        _ => Err(NotAllowed::new("this expression over facts", GRID_ONLY)),
    }
}

fn check_aggregate(
    aggregate: &Aggregate,
    table: &Table,
    rule: Rule,
) -> Result<(), DataFusionError> {
    for group in &aggregate.group_expr {
        check_grid(group, rule)?;
    }
    for sum in &aggregate.aggr_expr {
        check_sum(sum, table)?;
    }
    Ok(())
}

/// Sums of whole cells add up, and nothing else does: the distinct keys of two cells together would tell how
/// many are in both, which may be one.
fn check_sum(sum: &Expr, table: &Table) -> Result<(), NotAllowed> {
    let refuse = || NotAllowed::new("this sum of facts", SUMS_ONLY);
    let function = match sum {
        Expr::Alias(alias) => return check_sum(&alias.expr, table),
        Expr::AggregateFunction(function) => function,
        _ => return Err(refuse()),
    };
    let params = &function.params;
    if params.filter.is_some() || !params.order_by.is_empty() {
        return Err(refuse());
    }
    match (function.func.name(), params.distinct, params.args.as_slice()) {
        ("count", false, [Expr::Literal(..)]) => Ok(()),
        ("sum" | "avg", false, [Expr::Column(column)]) => {
            let is_measure = table
                .columns
                .iter()
                .any(|known| known.name == column.name && known.privacy == Privacy::Measure);
            if is_measure { Ok(()) } else { Err(refuse()) }
        }
        _ => Err(refuse()),
    }
}

/// The same plan over facts of which only cells with enough people exist.
pub(super) fn only_shown(
    plan: LogicalPlan,
    venues: &Venues,
    settled: Date,
) -> Result<LogicalPlan, DataFusionError> {
    let shown = plan.transform_up(|node| {
        let Some((scan, table, rule)) = fact_scan(&node) else { return Ok(Transformed::no(node)) };
        let shown = shown(scan, table, rule, &visible(venues, settled))?;
        Ok(Transformed::yes(shown))
    })?;
    Ok(shown.data)
}

/// Facts of these venues, of days that are settled.
fn visible(venues: &Venues, settled: Date) -> Expr {
    let days = (settled - Date::constant(1970, 1, 1)).get_days();
    let is_settled = col("slot_day").lt_eq(lit(ScalarValue::Date32(Some(days))));
    match venues {
        Venues::All => is_settled,
        Venues::Only(ids) => {
            let ids = ids.iter().map(|id| lit(id.as_str())).collect();
            is_settled.and(col("venue_id").in_list(ids, false))
        }
    }
}

const CELLS: &str = "cells_that_are_shown";

fn shown(
    scan: &TableScan,
    table: &Table,
    rule: Rule,
    visible: &Expr,
) -> Result<LogicalPlan, DataFusionError> {
    let least = i64::from(table.least_group_size);
    let grid = || rule.grid.iter().map(|name| col(*name)).collect::<Vec<_>>();
    let cells = LogicalPlanBuilder::scan(table.name, std::sync::Arc::clone(&scan.source), None)?
        .filter(visible.clone())?
        .aggregate(grid(), [count_distinct(col(rule.unit)).alias("units")])?
        .filter(col("units").gt_eq(lit(least)))?
        .project(grid())?
        .alias(CELLS)?
        .build()?;
    let of = |relation: &str| -> Vec<Column> {
        rule.grid.iter().map(|name| Column::new(Some(relation), *name)).collect()
    };
    let left: Vec<Column> =
        rule.grid.iter().map(|name| Column::new(Some(scan.table_name.clone()), *name)).collect();
    LogicalPlanBuilder::from(LogicalPlan::TableScan(scan.clone()))
        .filter(visible.clone())?
        .join_detailed(
            cells,
            JoinType::LeftSemi,
            (left, of(CELLS)),
            None,
            NullEquality::NullEqualsNull,
        )?
        .build()
}
