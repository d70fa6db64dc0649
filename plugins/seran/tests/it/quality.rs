//! `metrics`: PSNR and SSIM as `imaging.similarity` defines them, by named protocol.
