use super::happening::Happening;
use super::*;
