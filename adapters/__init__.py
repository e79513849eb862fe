"""One folder per outside system; each converts in, calls the core, converts out."""
