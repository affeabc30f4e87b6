//! Lives of registries, simulated: those that once failed, many at random, and every fault at every event of every small
//! graph.

mod random;
