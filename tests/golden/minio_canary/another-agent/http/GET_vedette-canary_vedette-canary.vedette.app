vedette canary of vedette.app, written at 01710000000250000000 ns
