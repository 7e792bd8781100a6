vedette canary of vedette.app, written at 01690000000250000000 ns
