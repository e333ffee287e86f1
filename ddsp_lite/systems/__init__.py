"""Published systems that stand on `ddsp_lite`, each small enough to train while one reads about it."""
