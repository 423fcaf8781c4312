#!/bin/sh
# Starts the test binary again, as the function: see `acts_as_the_function` in send.rs.
exec "$TEST_BINARY" --exact acts_as_the_function --nocapture
