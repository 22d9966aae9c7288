"""The reference app: a lake of New York City's flights, one stack for each concern."""

import gc

# The CDK's modules and the constructs live as long as the synth: to look for garbage among them took a tenth of its
# processor time (measured; `make bench` has the whole).
gc.set_threshold(200_000)
