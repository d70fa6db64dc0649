//! From a checked pipeline to things that can be called: plans, instances, bound nodes.

use super::error::RunError;
use super::host::Callers;
use super::instance::{Instance, Task, TaskFacts};
use super::options::RunOptions;
use super::plan::{Plan, Target, plan};
use super::position::Position;
use super::save::module_file;
use super::seed::Seed;
use super::stock::{Identity, Stock};
use crate::graph::{Graph, Pipeline, Stage};
use std::path::Path;
use std::sync::Arc;

/// One graph, bound.
pub(crate) struct Bound {
    pub plan: Arc<Plan>,
    pub tasks: Arc<[Arc<Task>]>,
    /// Number of its first node among the nodes of all graphs.
    pub first_node: usize,
}

/// Plans all graphs.
///
/// # Errors
/// Of the first that cannot be planned.
pub(crate) fn plans(pipeline: &Pipeline, target: Target) -> Result<Vec<Plan>, RunError> {
    let one = |(index, graph): (usize, &Graph)| {
        let mut plan =
            plan(graph, &pipeline.modules, target).map_err(|message| RunError::Plan { graph: graph.name.clone(), message })?;
        // The number that decides on the best save is needed even where another node takes it.
        for stage in &pipeline.schedule {
            if let Stage::Save(save) = stage
                && let Some(best) = save.best.as_ref().filter(|best| best.graph == index)
                && !plan.nodes[best.node].kept.contains(&0)
            {
                plan.nodes[best.node].kept.insert(0, 0);
            }
        }
        Ok(plan)
    };
    pipeline.graphs.iter().enumerate().map(one).collect()
}

/// Makes all modules, with their weights; those that `stock` has are taken from there.
///
/// # Errors
/// Of the first that fails.
pub(crate) fn modules(
    pipeline: &Pipeline,
    callers: &mut Callers,
    seed: u64,
    options: &RunOptions,
    stock: &Stock,
) -> Result<Vec<(Identity, Arc<Instance>)>, RunError> {
    let threads = options.thread_budget();
    let mut made = Vec::new();
    for module in &pipeline.modules {
        let identity = Identity::of(module, seed, options);
        if let Some(instance) = stock.find(&identity) {
            made.push((identity, instance));
            continue;
        }
        let caller = callers.of(module.operator.description.device);
        let context = caller.at(&module.name, &[], Seed::new(seed, &module.name).of(&[]), threads, false);
        let instance = Instance::create(&module.name, &module.operator, &module.params, context).map_err(|fault| {
            let what = format!("module `{}` ({})", module.name, module.operator.description.name);
            RunError::Create { what, kind: fault.kind, message: fault.message }
        })?;
        if let Some(path) = &module.weights {
            load(&instance, callers, path, threads)?;
        }
        made.push((identity, Arc::new(instance)));
    }
    Ok(made)
}

/// Restores all modules that a saved folder holds.
///
/// # Errors
/// Of the first that fails.
pub(crate) fn restore(
    modules: &[Arc<Instance>],
    callers: &mut Callers,
    position: &Position,
    folder: &Path,
    threads: u32,
) -> Result<(), RunError> {
    for module in modules.iter().filter(|module| position.modules.contains(&module.name)) {
        load(module, callers, &module_file(folder, &module.name), threads)?;
    }
    Ok(())
}

fn load(module: &Instance, callers: &mut Callers, path: &Path, threads: u32) -> Result<(), RunError> {
    let context = callers.of(module.device).at(&module.name, &[], 0, threads, false);
    module.load(context, path).map_err(|fault| RunError::State {
        module: module.name.clone(),
        path: path.into(),
        kind: fault.kind,
        message: fault.message,
    })
}

/// Binds all nodes of all graphs.
///
/// # Errors
/// Of the first that fails.
pub(crate) fn bind(
    pipeline: &Pipeline,
    plans: Vec<Plan>,
    modules: &[Arc<Instance>],
    callers: &mut Callers,
    seed: u64,
) -> Result<Vec<Bound>, RunError> {
    let (mut bound, mut first_node) = (Vec::new(), 0);
    for (graph, plan) in pipeline.graphs.iter().zip(plans) {
        let tasks: Result<Arc<[Arc<Task>]>, RunError> =
            (0..graph.nodes.len()).map(|node| task(graph, node, &plan, modules, callers, seed).map(Arc::new)).collect();
        bound.push(Bound { tasks: tasks?, plan: Arc::new(plan), first_node });
        first_node += graph.nodes.len();
    }
    Ok(bound)
}

fn task(
    graph: &Graph,
    index: usize,
    plan: &Plan,
    modules: &[Arc<Instance>],
    callers: &mut Callers,
    seed: u64,
) -> Result<Task, RunError> {
    let node = &graph.nodes[index];
    let name = format!("{}/{}", graph.name, node.name);
    let failed = |fault: super::fault::Fault| RunError::Create {
        what: format!("node `{}` ({})", node.name, node.operator.description.name),
        kind: fault.kind,
        message: fault.message,
    };
    let threads = plan.nodes[index].threads;
    let (instance, params) = match node.module {
        Some(module) => (Arc::clone(&modules[module]), node.params.to_string()),
        None => {
            let caller = callers.of(node.operator.description.device);
            let context = caller.at(&node.name, &[], Seed::new(seed, &name).of(&[]), threads, false);
            (Arc::new(Instance::create(&node.name, &node.operator, &node.params, context).map_err(failed)?), "{}".into())
        }
    };
    let uses: Vec<Vec<Arc<Instance>>> =
        node.uses.iter().map(|names| names.iter().map(|module| Arc::clone(&modules[*module])).collect()).collect();
    let facts = TaskFacts {
        name: &node.name,
        operator: &node.operator,
        entry: node.entry,
        params: &params,
        seed: Seed::new(seed, &name),
        threads,
        grad: plan.nodes[index].grad,
    };
    Task::bind(&facts, instance, &uses).map_err(failed)
}
