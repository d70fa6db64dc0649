//! The network as a plan: which parameters exist, under which names, and which layer uses which.
//!
//! One declaration gives names, shapes, initial values and the order of layers; tensors come later (`parameters`).

use super::config::{NetworkConfig, groups};

/// How a parameter starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Start {
    Ones,
    Zeros,
    /// Uniform in ±1/√fan_in: the framework's default for weights (Kaiming-uniform with a = √5) and biases alike.
    Uniform {
        fan_in: i64,
    },
}

/// One tensor of the state, under the authors' name.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    pub name: String,
    pub shape: Vec<i64>,
    pub start: Start,
    /// Standardised before it is used.
    pub standardised: bool,
}

/// GroupNorm and ReLU; indices into the parameters.
#[derive(Clone, Copy, Debug)]
pub struct Norm {
    pub weight: usize,
    pub bias: usize,
    pub groups: i64,
}

/// A convolution without bias; padding keeps the size at stride 1.
#[derive(Clone, Copy, Debug)]
pub struct Conv {
    pub weight: usize,
    pub stride: i64,
    pub padding: i64,
}

/// Pre-activation residual block.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    pub norm1: Norm,
    pub conv1: Conv,
    pub norm2: Norm,
    pub conv2: Conv,
    /// Where stride or channels change.
    pub shortcut: Option<(Norm, Conv)>,
}

/// A group of blocks under one name of the authors' code.
#[derive(Clone, Debug)]
pub struct Stage {
    pub name: &'static str,
    pub blocks: Vec<Block>,
}

/// The whole network, in the order of the specification's table 2.4.
#[derive(Clone, Debug)]
pub struct Architecture {
    pub parameters: Vec<Parameter>,
    pub conv1: Conv,
    /// `layer0` to `layer4`; the first four leave skips.
    pub encoder: Vec<Stage>,
    pub fusion: (Norm, Conv),
    /// `x8_resb` to `x1_resb`.
    pub decoder: Vec<Stage>,
    pub last: Norm,
    pub last_weight: usize,
    pub last_bias: usize,
    pub pool: Norm,
    pub controller_weight: usize,
    pub controller_bias: usize,
}

impl Architecture {
    pub fn new(config: &NetworkConfig) -> Self {
        let [c0, c1, c2, c3, c4] = config.stages();
        let head = config.head_width as i64;
        let numbers = config.head().count();
        let inputs = c3 + config.tasks as i64;
        let mut plan = Plan { parameters: Vec::new(), weight_std: config.weight_std };

        let conv1 = plan.conv("conv1", c0, 1, 3, 1);
        let encoder = vec![
            plan.stage("layer0", &[(c0, c0, 1)]),
            plan.stage("layer1", &[(c0, c1, 2), (c1, c1, 1)]),
            plan.stage("layer2", &[(c1, c2, 2), (c2, c2, 1)]),
            plan.stage("layer3", &[(c2, c3, 2), (c3, c3, 1)]),
            plan.stage("layer4", &[(c3, c4, 2), (c4, c4, 1)]),
        ];
        let fusion = (plan.norm("fusionConv.0", c4), plan.conv("fusionConv.2", c3, c4, 1, 1));
        let decoder = vec![
            plan.stage("x8_resb", &[(c3, c2, 1)]),
            plan.stage("x4_resb", &[(c2, c1, 1)]),
            plan.stage("x2_resb", &[(c1, c0, 1)]),
            plan.stage("x1_resb", &[(c0, c0, 1)]),
        ];
        let last = plan.norm("precls_conv.0", c0);
        let last_weight = plan.put("precls_conv.2.weight", vec![head, c0, 1, 1, 1], Start::Uniform { fan_in: c0 });
        let last_bias = plan.put("precls_conv.2.bias", vec![head], Start::Uniform { fan_in: c0 });
        let pool = plan.norm("GAP.0", c3);
        let controller_weight = plan.put("controller.weight", vec![numbers, inputs, 1, 1, 1], Start::Uniform { fan_in: inputs });
        let controller_bias = plan.put("controller.bias", vec![numbers], Start::Uniform { fan_in: inputs });
        let parameters = plan.parameters;
        Self {
            parameters,
            conv1,
            encoder,
            fusion,
            decoder,
            last,
            last_weight,
            last_bias,
            pool,
            controller_weight,
            controller_bias,
        }
    }
}

struct Plan {
    parameters: Vec<Parameter>,
    weight_std: bool,
}

impl Plan {
    fn put(&mut self, name: impl Into<String>, shape: Vec<i64>, start: Start) -> usize {
        self.parameters.push(Parameter { name: name.into(), shape, start, standardised: false });
        self.parameters.len() - 1
    }

    fn norm(&mut self, prefix: &str, channels: i64) -> Norm {
        let weight = self.put(format!("{prefix}.weight"), vec![channels], Start::Ones);
        let bias = self.put(format!("{prefix}.bias"), vec![channels], Start::Zeros);
        Norm { weight, bias, groups: groups(channels) }
    }

    fn conv(&mut self, prefix: &str, output: i64, input: i64, kernel: i64, stride: i64) -> Conv {
        let shape = vec![output, input, kernel, kernel, kernel];
        let weight = self.put(format!("{prefix}.weight"), shape, Start::Uniform { fan_in: input * kernel.pow(3) });
        self.parameters[weight].standardised = self.weight_std;
        Conv { weight, stride, padding: kernel / 2 }
    }

    fn stage(&mut self, name: &'static str, blocks: &[(i64, i64, i64)]) -> Stage {
        let blocks = blocks.iter().enumerate();
        Stage {
            name,
            blocks: blocks
                .map(|(i, &(input, output, stride))| self.block(&format!("{name}.{i}"), input, output, stride))
                .collect(),
        }
    }

    fn block(&mut self, prefix: &str, input: i64, output: i64, stride: i64) -> Block {
        let norm1 = self.norm(&format!("{prefix}.gn1"), input);
        let conv1 = self.conv(&format!("{prefix}.conv1"), output, input, 3, stride);
        let norm2 = self.norm(&format!("{prefix}.gn2"), output);
        let conv2 = self.conv(&format!("{prefix}.conv2"), output, output, 3, 1);
        let shortcut = (stride != 1 || input != output).then(|| {
            let norm = self.norm(&format!("{prefix}.downsample.0"), input);
            (norm, self.conv(&format!("{prefix}.downsample.2"), output, input, 1, stride))
        });
        Block { norm1, conv1, norm2, conv2, shortcut }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paper_has_111_tensors_and_17329528_numbers() {
        let parameters = Architecture::new(&NetworkConfig::default()).parameters;
        assert_eq!(parameters.len(), 111);
        assert_eq!(parameters.iter().map(|p| p.shape.iter().product::<i64>()).sum::<i64>(), 17_329_528);
    }

    #[test]
    fn another_task_changes_the_controller_alone() {
        let seven = Architecture::new(&NetworkConfig::default()).parameters;
        let eight = Architecture::new(&NetworkConfig { tasks: 8, ..NetworkConfig::default() }).parameters;
        let changed: Vec<&str> =
            seven.iter().zip(&eight).filter(|(a, b)| a.shape != b.shape).map(|(a, _)| a.name.as_str()).collect();
        assert_eq!(changed, ["controller.weight"]);
    }

    #[test]
    fn a_small_width_fits_four_megabytes() {
        let config = NetworkConfig { width: 0.24, tasks: 2, channels: 1, ..NetworkConfig::default() };
        let values: i64 = Architecture::new(&config).parameters.iter().map(|p| p.shape.iter().product::<i64>()).sum();
        assert!(4 * values < 4_000_000, "{values} numbers");
    }
}
