"""HTTP doubles of ticket systems that Debian does not have. Each is built from that product's public documentation and source,
holds real state, and refuses what the product refuses, so that a connector that is wrong fails here too."""
