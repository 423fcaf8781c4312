"""A local stand-in for AWS, as far as deployments of this repository need it.

moto's server, with additions for `template.yaml`:

- the transform AWS::Serverless, by SAM's translator;
- the Chime types of CloudFormation, created in the emulator at `AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING` and
  `AWS_ENDPOINT_URL_CHIME_SDK_IDENTITY`;
- AWS::Lambda::EventInvokeConfig, and metric filters and alarms as plain records, listed by `GET /records`;
- resources that a condition leaves out at first, and that a change of the stack adds;
- a URL for downloading a function's code.

It patches moto's internals, so moto's version is pinned. AWS may still reject a deployment that succeeds here.

    python cloud.py --port-file FILE        writes its port to FILE
"""

import argparse
import json
import os
import signal
import sys
from pathlib import Path

os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"

import boto3
from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.cloudformation.models import ChangeSet, Stack
from moto.cloudformation.parsing import ResourceMap
from moto.core.common_models import CloudFormationModel
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import ManagedPolicy, Role
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from werkzeug import Request, Response
from werkzeug.serving import make_server

SERVERLESS = "AWS::Serverless-2016-10-31"

# moto takes a type's service from the second part of the name of its class's module.
MODULE = "moto.channel_flow.models"

# The resources of types that moto lacks.
records = []


def transformed(template):
    """Returns the template as CloudFormation sees it after the transform."""
    transforms = template.get("Transform", [])
    if SERVERLESS not in ([transforms] if isinstance(transforms, str) else transforms):
        return template
    managed = json.loads(aws_managed_policies_data)
    policies = {name: f"arn:aws:iam::aws:policy{policy['Path']}{name}" for name, policy in managed.items()}
    plain = Translator(policies, Parser(), boto_session=boto3.Session(region_name="us-east-1")).translate(template, {})
    plain.pop("Transform", None)
    return plain


def add_transform():
    parse_template = Stack.parse_template
    Stack.parse_template = staticmethod(lambda text: transformed(parse_template(text)))

    def parse_change_set(change_set):
        change_set.template_dict = Stack.parse_template(change_set.template)

    ChangeSet._parse_template = parse_change_set


class Record:
    """A resource of a type that moto lacks. A subclass creates, changes and deletes it."""

    attributes = ()

    def __init__(self, physical_id, properties):
        self.physical_resource_id = physical_id
        self.properties = properties
        records.append(self)

    @staticmethod
    def cloudformation_name_type():
        return ""

    @classmethod
    def has_cfn_attr(cls, attr):
        return attr in cls.attributes

    def get_cfn_attribute(self, attribute):
        return self.physical_resource_id

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        properties = without_nulls(cloudformation_json["Properties"])
        return cls(cls.made(resource_name, properties, account_id, region_name), properties)

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name
    ):
        properties = without_nulls(cloudformation_json["Properties"])
        original_resource.changed(properties)
        original_resource.properties = properties
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name):
        record = next(record for record in records if record.physical_resource_id == resource_name)
        record.gone()
        records.remove(record)

    def is_created(self):
        return True

    @classmethod
    def made(cls, name, properties, account_id, region_name):
        """Creates it, and returns its physical id."""
        return name

    def changed(self, properties):
        pass

    def gone(self):
        pass


def without_nulls(value):
    """Returns the value without the properties that AWS::NoValue removes."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [without_nulls(each) for each in value if each is not None]
    return value


class AppInstance(Record, CloudFormationModel):
    __module__ = MODULE
    attributes = ("AppInstanceArn",)

    @staticmethod
    def cloudformation_type():
        return "AWS::Chime::AppInstance"

    @classmethod
    def made(cls, name, properties, account_id, region_name):
        created = boto3.client("chime-sdk-identity", region_name).create_app_instance(**properties)
        return created["AppInstanceArn"]

    # The template retains it when the stack is deleted. moto does not support that, so nothing deletes it here.


class ChannelFlow(Record, CloudFormationModel):
    __module__ = MODULE
    attributes = ("Arn",)

    @staticmethod
    def cloudformation_type():
        return "AWS::Chime::ChannelFlow"

    @classmethod
    def made(cls, name, properties, account_id, region_name):
        created = boto3.client("chime-sdk-messaging", region_name).create_channel_flow(**properties)
        return created["ChannelFlowArn"]

    def client(self):
        return boto3.client("chime-sdk-messaging", self.physical_resource_id.split(":")[3])

    def changed(self, properties):
        wanted = {key: properties[key] for key in ("Name", "Processors")}
        self.client().update_channel_flow(ChannelFlowArn=self.physical_resource_id, **wanted)

    def gone(self):
        self.client().delete_channel_flow(ChannelFlowArn=self.physical_resource_id)


class EventInvokeConfig(Record, CloudFormationModel):
    __module__ = MODULE

    @staticmethod
    def cloudformation_type():
        return "AWS::Lambda::EventInvokeConfig"

    @classmethod
    def made(cls, name, properties, account_id, region_name):
        config = {key: value for key, value in properties.items() if key not in ("FunctionName", "Qualifier")}
        lambda_backends[account_id][region_name].put_function_event_invoke_config(properties["FunctionName"], config)
        return name


class MetricFilter(Record, CloudFormationModel):
    __module__ = MODULE

    @staticmethod
    def cloudformation_type():
        return "AWS::Logs::MetricFilter"


class Alarm(Record, CloudFormationModel):
    __module__ = MODULE

    @staticmethod
    def cloudformation_type():
        return "AWS::CloudWatch::Alarm"


def add_outputs():
    """Computes the outputs of a stack that a change set creates or changes."""
    apply = ChangeSet.apply

    def apply_and_compute(change_set):
        apply(change_set)
        stack = change_set.stack
        stack.template_dict = change_set.template_dict
        stack.output_map = stack._create_output_map()

    ChangeSet.apply = apply_and_compute


def add_by_condition():
    """Creates resources whose condition becomes true when a stack changes: moto would try to change them.

    A dashboard is always changed: moto does not see that its text depends on a condition.
    """
    update = ResourceMap.update

    def update_and_add(resources, template, parameters=None):
        created = resources._parsed_resources
        resources._resource_json_map = {
            name: None if value["Type"] == "AWS::CloudWatch::Dashboard" else value
            for name, value in resources._resource_json_map.items()
            if name in created
        }
        update(resources, template, parameters)

    ResourceMap.update = update_and_add


def keep_policies_as_json():
    """Keeps a role's inline policies as JSON: moto would return them as printed Python objects."""
    put_policy = Role.put_policy

    def put(role, name, document):
        put_policy(role, name, document if isinstance(document, str) else json.dumps(document))

    Role.put_policy = put


def remove_nulls_from_policies():
    """Removes from a managed policy what AWS::NoValue stands for."""
    create = ManagedPolicy.create_from_cloudformation_json

    def create_without_nulls(resource_name, cloudformation_json, *args, **kwargs):
        return create(resource_name, without_nulls(cloudformation_json), *args, **kwargs)

    ManagedPolicy.create_from_cloudformation_json = create_without_nulls


class Cloud:
    """moto's application, with two additional paths."""

    def __init__(self):
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.url = None

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"]
        if path == "/records":
            found = [
                {"Type": r.cloudformation_type(), "Id": r.physical_resource_id, "Properties": r.properties}
                for r in records
            ]
            answer = Response(json.dumps(found), mimetype="application/json")
        elif path == "/code":
            answer = self.code(Request(environ).args.get("function", ""))
        else:
            return self.moto(environ, start_response)
        return answer(environ, start_response)

    def code(self, arn):
        try:
            region, account = arn.split(":")[3:5]
            return Response(lambda_backends[account][region].get_function(arn).code_bytes, mimetype="application/zip")
        except Exception as error:
            return Response(f"{error}\n", status=404)

    def add_location(self):
        get_code = LambdaFunction.get_code

        def with_location(function):
            answer = get_code(function)
            answer["Code"]["Location"] = f"{self.url}/code?function={function.function_arn}"
            return answer

        LambdaFunction.get_code = with_location


def main():
    parser = argparse.ArgumentParser(description="AWS as far as a deployment needs it, on this machine")
    parser.add_argument("--port-file", type=Path, required=True)
    args = parser.parse_args()

    add_transform()
    add_outputs()
    add_by_condition()
    keep_policies_as_json()
    remove_nulls_from_policies()
    cloud = Cloud()
    server = make_server("127.0.0.1", 0, cloud, threaded=True)
    # A host name: with an IP address, SAM's client puts the bucket in the path of only some requests.
    cloud.url = f"http://localhost:{server.server_port}"
    os.environ["MOTO_PORT"] = str(server.server_port)
    cloud.add_location()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    args.port_file.write_text(f"{server.server_port}\n")
    server.serve_forever()


if __name__ == "__main__":
    main()
