import boto3
import model
import pytest
from botocore.config import Config
from chat import Chat
from emulator import REGION, Answer, Emulator, Wire
from hand import Hand


@pytest.fixture(scope="session")
def hand():
    with Hand() as running:
        yield running


@pytest.fixture(scope="session")
def emulator(hand):
    running = Emulator("--function", f"by-hand={hand.url}/by-hand")
    hand.messaging = client("chime-sdk-messaging", running.url)
    yield running
    running.end()


@pytest.fixture(scope="session")
def wire(emulator):
    return Wire(emulator.url)


@pytest.fixture(scope="session")
def messaging(emulator):
    return client("chime-sdk-messaging", emulator.url)


@pytest.fixture(scope="session")
def identity(emulator):
    return client("chime-sdk-identity", emulator.url)


@pytest.fixture
def chat(identity, messaging):
    return Chat(identity, messaging)


def client(service, url):
    """A client of boto3. Every answer it gets is checked against the model on the way."""
    # Once, so that an answer that asks for another try is seen.
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=60)
    made = boto3.client(service, region_name=REGION, endpoint_url=url, config=config)
    made.meta.events.register(f"response-received.{service}", keeps_the_model)
    return made


def keeps_the_model(event_name, response_dict, **_):
    if response_dict is None:
        return
    _, service, name = event_name.split(".")
    answer = Answer(response_dict["status_code"], response_dict["headers"], response_dict["body"])
    wrong = model.breaches(model.operation(name, service), answer)
    assert not wrong, f"{name}: {wrong}"
