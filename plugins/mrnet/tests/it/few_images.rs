//! Thin networks learn from 24 synthetic eyes; `examples/synthetic_raters` is the same with the paper's sizes, which takes a quarter of an hour.

#[path = "../../examples/synthetic_raters/cases.rs"]
mod cases;
#[path = "../../examples/synthetic_raters/course.rs"]
mod course;
#[path = "../../examples/synthetic_raters/iteration.rs"]
mod iteration;

use course::Course;

#[test]
fn every_loss_halves_and_refined_maps_are_the_better_ones() {
    tch::set_num_threads(1);
    let mut course = Course::new(0.125, 1e-3, 1).expect("a right width");
    for _ in 0..100 {
        course.iterate().expect("the shapes fit");
    }
    let (first, now) = (course.totals[0], course.recent());
    assert!(first.iter().zip(now).all(|(first, now)| now <= first / 2.0), "{first:?} {now:?}");
    let measured = course.measure().expect("the shapes fit");
    assert!(measured.refined[0] > 0.90 && measured.refined[1] > 0.80, "{measured:?}");
    assert!((0..2).all(|c| measured.refined[c] >= measured.coarse[c]), "{measured:?}");
    let [one, six] = measured.toward;
    assert_ne!(one, six, "whoever is asked for, the answer is the same");
}
