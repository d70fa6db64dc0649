//! `degrade`: both degradations and both baselines; what must hold for any image.

use crate::support::{file, gap, near, tensor, values};
use tch::{Kind, Tensor};
use voxloom_seran::degrade::{Alignment, Degradation, bicubic_up, crop, degrade, zero_fill};

const ALL: [(Degradation, Alignment, &str); 3] = [
    (Degradation::Bicubic, Alignment::Center, "bd"),
    (Degradation::KSpace, Alignment::Center, "td_center"),
    (Degradation::KSpace, Alignment::Corner, "td_corner"),
];

#[test]
fn coarse_images_and_their_baselines() {
    let file = file("degrade");
    for image in ["deg_a", "deg_b"] {
        for scale in [2, 3, 4] {
            let fine = crop(&tensor(&file, &format!("{image}.img")).to_kind(Kind::Double), scale).expect("large enough");
            for (how, alignment, name) in ALL {
                let coarse = degrade(&fine, scale, how, alignment);
                near(&file, &format!("{image}.{name}_x{scale}"), &values(&coarse), 2e-6, 0.0);
                let (up, baseline) = match how {
                    Degradation::Bicubic => (bicubic_up(&coarse, scale), "bicubic_up"),
                    Degradation::KSpace => (zero_fill(&coarse, scale, alignment), "zero_fill"),
                };
                assert_eq!(up.size(), fine.size());
                near(&file, &format!("{image}.{name}_x{scale}_{baseline}"), &values(&up), 2e-6, 0.0);
            }
        }
    }
}

#[test]
fn a_constant_image_stays_constant() {
    let fine = Tensor::full([2, 12, 18], 3.5, tch::kind::DOUBLE_CPU);
    for scale in [2, 3] {
        for (how, alignment, name) in ALL {
            let coarse = degrade(&fine, scale, how, alignment);
            assert_eq!(coarse.size(), [2, 12 / scale, 18 / scale]);
            assert!(gap(&coarse, &(coarse.ones_like() * 3.5)) < 1e-12, "{name} x{scale}");
        }
    }
}

#[test]
fn degrading_commutes_with_flipping_both_axes() {
    let file = file("degrade");
    for scale in [2, 3, 4] {
        let fine = crop(&tensor(&file, "deg_b.img").to_kind(Kind::Double), scale).expect("large enough");
        let both = |x: &Tensor| x.flip([0, 1]);
        let apart = |how, alignment| {
            let first = degrade(&both(&fine), scale, how, alignment);
            gap(&first, &both(&degrade(&fine, scale, how, alignment)))
        };
        for (how, alignment, name) in &ALL[..2] {
            assert!(apart(*how, *alignment) < 1e-12, "{name} x{scale}");
        }
        assert!(apart(Degradation::KSpace, Alignment::Corner) > 1e-3, "the corner's pixels move by flipping");
    }
}

#[test]
fn slices_are_degraded_each_for_itself() {
    let file = file("degrade");
    let fine = tensor(&file, "deg_a.img").to_kind(Kind::Double);
    let two = Tensor::stack(&[&fine, &(&fine * 2.0)], 0).unsqueeze(1);
    for (how, alignment, name) in ALL {
        let coarse = degrade(&two, 2, how, alignment);
        assert_eq!(coarse.size(), [2, 1, 12, 18]);
        let one = degrade(&fine, 2, how, alignment);
        assert!(gap(&coarse.select(0, 1).squeeze_dim(0), &(one * 2.0)) < 1e-12, "{name}");
    }
    assert_eq!(
        crop(&fine, 40).expect_err("too small").to_string(),
        "volume: slices of 24 by 36 are too small to be made 40 times coarser"
    );
}
