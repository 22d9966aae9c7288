"""Reader of the Open Data Contract Standard (https://bitol-io.github.io/open-data-contract-standard/)."""
