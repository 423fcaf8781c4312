#!/bin/sh
# Starts the test binary again, as the function: see `acts_as_the_function` in it and common/function.rs.
if [ -n "$IGNORE_TERM" ]; then trap '' TERM; fi
exec "$TEST_BINARY" --exact acts_as_the_function --nocapture
