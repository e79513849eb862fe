"""The judge that asks a language model: prompt, checks, votes, and what happens without it."""
