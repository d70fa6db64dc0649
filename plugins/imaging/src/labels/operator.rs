//! `imaging.labels`.

use super::{Label, Painter, PlaneBlend, Rule, Step};
use crate::blend::{Activation, PatchReader, Weights};
use crate::resample::Alignment;
use crate::tensor::shape_of;
use tch::kind::Element;
use voxloom_sdk::prelude::*;

/// One step of a rule by thresholds.
#[derive(Params, Clone)]
pub struct ThresholdParams {
    /// Channel of the scores, from 0.
    pub channel: usize,
    /// Label that is written where the score is above the threshold.
    #[param(min = 0)]
    pub label: i32,
    /// The score must be above it.
    #[param(default = 0.5)]
    pub threshold: f64,
}

/// Makes a label map at full resolution of overlapping patch predictions, in bounded memory: planes of blended scores are brought to the grid of `like` and reduced to labels as soon as no later window touches them.
#[derive(Params)]
#[param(check)]
pub struct Labels {
    /// Label of each channel; the channel with the highest score gives the label. Without it and without thresholds, channel i gives label i.
    #[param(min = 0)]
    pub labels: Option<Vec<i32>>,
    /// Steps in order: each writes its label where its channel's score is above its threshold, later ones win, 0 elsewhere. For independent channels (sigmoid).
    pub thresholds: Option<Vec<ThresholdParams>>,
    /// `gaussian` counts a window's centre more than its rim, `constant` counts all its voxels alike.
    #[param(default = Weights::Gaussian)]
    pub weights: Weights,
    /// Sigma of the Gaussian, as a share of the window's size.
    #[param(default = 0.125, above = 0.0)]
    pub sigma_scale: f64,
    /// Applied to each patch first: nothing, the sigmoid of each channel, or the softmax over channels.
    #[param(default = Activation::None)]
    pub activation: Activation,
}

impl Labels {
    fn check_relations(&self) -> Result<()> {
        match (&self.labels, &self.thresholds) {
            (Some(_), Some(_)) => Err(Error::param("thresholds", "and labels are two rules: give one of them")),
            (Some(labels), None) if labels.is_empty() => Err(Error::param("labels", "must not be empty")),
            (None, Some(steps)) if steps.is_empty() => Err(Error::param("thresholds", "must not be empty")),
            _ => Ok(()),
        }
    }

    fn rule(&self, channels: usize) -> Result<Rule> {
        let rule = match (&self.labels, &self.thresholds) {
            (_, Some(steps)) => {
                let step =
                    |step: &ThresholdParams| Step { channel: step.channel, threshold: step.threshold as f32, label: step.label };
                Rule::Thresholds(steps.iter().map(step).collect())
            }
            (Some(labels), _) if labels.len() != channels => {
                let found = labels.len();
                return Err(Error::param(
                    "labels",
                    format!("must have one label for each of the {channels} channels, got {found}"),
                ));
            }
            (Some(labels), _) => Rule::Argmax { labels: labels.clone() },
            (None, None) => Rule::Argmax { labels: (0..channels as i32).collect() },
        };
        match rule.last_channel() {
            Some(last) if last >= channels => {
                Err(Error::param("thresholds", format!("names channel {last}, the scores have {channels} (from 0)")))
            }
            _ => Ok(rule),
        }
    }
}

impl Gather for Labels {
    const NAME: &'static str = "imaging.labels";

    fn entry() -> Entry {
        Entry::gather()
            .input(Port::tensor("patch").shape("[N, C, d, h, w]").gathered().about("predictions of windows, in the order of imaging.windows"))
            .input(Port::tensor("corner").shape("[N, 3]").dtype("int64").gathered().about("first voxel of each along z, y, x"))
            .input(Port::volume("grid").about("the volume that the windows were cut from"))
            .input(Port::volume("like").optional().about("the volume whose grid the labels get (default: `grid`); its axes must run along those of `grid`, in any order and direction"))
            .output(Port::volume("volume").about("labels in the smallest of uint8, int16, int32, with the header of `like`; 0 outside of `grid`"))
    }

    fn threads() -> Threads {
        Threads::All
    }

    fn open(&self, call: &mut Call) -> Result<Box<dyn Accumulator>> {
        let grid: Volume = call.input("grid")?;
        let like: Volume = call.optional("like")?.unwrap_or_else(|| grid.with_data(grid.data.shallow_clone()));
        let source = shape_of(&grid)?;
        let alignment = Alignment::between((&grid.affine.0, source), (&like.affine.0, shape_of(&like)?))
            .map_err(|fault| Error::item(format!("`grid` and `like`: {fault}")))?;
        let reader = PatchReader::new(self.weights.weighting(self.sigma_scale), self.activation);
        let params = Labels { labels: self.labels.clone(), thresholds: self.thresholds.clone(), ..*self };
        Ok(Box::new(LabelsAccumulator { params, reader, source, alignment, like, state: None }))
    }
}

struct LabelsAccumulator {
    params: Labels,
    reader: PatchReader,
    source: [usize; 3],
    alignment: Alignment,
    like: Volume,
    state: Option<(PlaneBlend, AnyPainter)>,
}

impl Accumulator for LabelsAccumulator {
    fn push(&mut self, call: &mut Call) -> Result<()> {
        let threads = call.threads();
        let Self { params, source, alignment, state, .. } = self;
        self.reader.read(call, |patch, weight, window| {
            if state.is_none() {
                let painter = AnyPainter::new(*source, alignment.clone(), params.rule(window.channels)?, threads);
                *state = Some((PlaneBlend::new(window.channels, *source), painter));
            }
            if let Some((planes, painter)) = state {
                planes.add(patch, weight, window.size, window.corner, |z, plane| painter.plane(z, plane))?;
            }
            Ok(())
        })
    }

    fn finish(&mut self, call: &mut Call) -> Result<()> {
        let (planes, mut painter) = self.state.take().ok_or_else(|| Error::item("no patch came"))?;
        planes.finish(|z, plane| painter.plane(z, plane));
        let data = painter.finish()?.f_view(shape_of(&self.like)?.map(|n| n as i64))?;
        call.output("volume", self.like.with_data(data))
    }
}

/// A painter of the smallest element type that holds the rule's labels.
enum AnyPainter {
    U8(Painter<u8>),
    I16(Painter<i16>),
    I32(Painter<i32>),
}

impl AnyPainter {
    fn new(source: [usize; 3], alignment: Alignment, rule: Rule, threads: usize) -> Self {
        match rule.range() {
            (0.., ..=255) => Self::U8(Painter::new(source, alignment, rule, threads)),
            (-32_768.., ..=32_767) => Self::I16(Painter::new(source, alignment, rule, threads)),
            _ => Self::I32(Painter::new(source, alignment, rule, threads)),
        }
    }

    fn plane(&mut self, z: usize, scores: &mut Vec<f32>) {
        match self {
            Self::U8(painter) => painter.plane(z, scores),
            Self::I16(painter) => painter.plane(z, scores),
            Self::I32(painter) => painter.plane(z, scores),
        }
    }

    fn finish(self) -> Result<Tensor> {
        fn tensor<L: Label + Element>(painter: Painter<L>) -> Result<Tensor> {
            Ok(Tensor::f_from_slice(&painter.finish())?)
        }
        match self {
            Self::U8(painter) => tensor(painter),
            Self::I16(painter) => tensor(painter),
            Self::I32(painter) => tensor(painter),
        }
    }
}
