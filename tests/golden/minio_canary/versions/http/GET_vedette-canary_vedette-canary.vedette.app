vedette canary of vedette.app, written at 01700000000250000000 ns
