"""The atlas of losses: every loss × every synthesiser × every parameter, measured alike (`make atlas`)."""
