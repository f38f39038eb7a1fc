#!/usr/bin/env python3
"""Checks what the schemas of Kubernetes cannot: the command line of each container is accepted by freshet with the files that
the manifests mount, and selectors, ports and names refer to something.

usage: kubernetes.py FRESHET MANIFEST...     one set of manifests for each file or folder
"""
import pathlib
import subprocess
import sys
import tempfile

import yaml

POD_NAME = "freshet-0"
SECRET = "a-secret-of-some-length"


def documents(path):
    files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    return [one for file in files for one in yaml.safe_load_all(file.read_text()) if one]


def fail(path, text):
    sys.exit(f"{path}: {text}")


def of_kind(found, *kinds):
    return [one for one in found if one["kind"] in kinds]


def mounted(found, pod, container, folder):
    """Writes the files of each volume below `folder`; a secret has every file that is asked for."""
    volumes = {one["name"]: one for one in pod["volumes"]}
    for mount in container["volumeMounts"]:
        target = folder / mount["mountPath"].lstrip("/")
        target.mkdir(parents=True)
        volume = volumes[mount["name"]]
        if "secret" in volume:
            for name in ("clickhouse-password", "admin-token"):
                (target / name).write_text(SECRET)
                (target / name).chmod(0o440)
            continue
        maps = [one for one in of_kind(found, "ConfigMap") if one["metadata"]["name"] == volume["configMap"]["name"]]
        for name, text in maps[0]["data"].items():
            (target / name).write_text(moved(text, folder))


def moved(text, folder):
    for mount in ("/etc/freshet", "/run/secrets/freshet"):
        text = text.replace(mount, f"{folder}{mount}")
    return text


def check_command(freshet, path, found, workload):
    pod = workload["spec"]["template"]["spec"]
    container = pod["containers"][0]
    environment = {}
    for variable in container.get("env", []):
        environment[variable["name"]] = POD_NAME if "valueFrom" in variable else variable["value"]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        mounted(found, pod, container, folder)
        args = [moved(one.replace("$(POD_NAME)", POD_NAME), folder) for one in container["args"]]
        done = subprocess.run([freshet, *args, "--print-config"], env=environment, capture_output=True, text=True)
    if done.returncode != 0 or "admin_listen: 0.0.0.0:" not in done.stdout or SECRET in done.stdout:
        fail(path, f"{args}: {done.stdout}{done.stderr}")
    if "--group-instance-id" in str(args) and f"group_instance_id: {POD_NAME} " not in done.stdout:
        fail(path, f"no instance id in {done.stdout}")


def check_references(path, found, workload):
    pod_labels = workload["spec"]["template"]["metadata"]["labels"].items()
    ports = {one["name"] for one in workload["spec"]["template"]["spec"]["containers"][0]["ports"]}
    services = of_kind(found, "Service")
    for one in [workload, *of_kind(found, "PodDisruptionBudget")]:
        if not one["spec"]["selector"]["matchLabels"].items() <= pod_labels:
            fail(path, f"{one['kind']} selects no pod")
    for one in services:
        if not one["spec"]["selector"].items() <= pod_labels or one["spec"]["ports"][0]["targetPort"] not in ports:
            fail(path, "the Service selects no pod or port")
    for one in of_kind(found, "ServiceMonitor"):
        if not one["spec"]["selector"]["matchLabels"].items() <= services[0]["metadata"]["labels"].items():
            fail(path, "the ServiceMonitor selects no Service")
        if one["spec"]["endpoints"][0]["port"] != services[0]["spec"]["ports"][0]["name"]:
            fail(path, "the ServiceMonitor names no port")
    for one in of_kind(found, "ScaledObject"):
        target = one["spec"]["scaleTargetRef"]
        if (target["kind"], target["name"]) != (workload["kind"], workload["metadata"]["name"]):
            fail(path, "the ScaledObject scales nothing")
    if workload["kind"] == "StatefulSet" and workload["spec"]["serviceName"] != services[0]["metadata"]["name"]:
        fail(path, "the StatefulSet has no Service")


def main():
    for name in sys.argv[2:]:
        path = pathlib.Path(name)
        found = documents(path)
        workloads = of_kind(found, "Deployment", "StatefulSet")
        if len(workloads) != 1:
            fail(path, "not one Deployment or StatefulSet")
        check_command(sys.argv[1], path, found, workloads[0])
        check_references(path, found, workloads[0])
        print(f"{path.name}: {', '.join(sorted(one['kind'] for one in found))}")


main()
