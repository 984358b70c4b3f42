#!/usr/bin/env python3
"""Keeps a test cluster of one node to its NetworkPolicies: two chains of iptables in front of FORWARD, written anew whenever pods,
policies or namespaces change.

enforcer.py KUBECTL KUBECONFIG
"""
import ipaddress
import json
import subprocess
import sys
import time

KUBECTL = [sys.argv[1], "--kubeconfig", sys.argv[2]]
CHAINS = ("SEAWORTHY-EGRESS", "SEAWORTHY-INGRESS")


def listed(kind):
    out = subprocess.run([*KUBECTL, "get", kind, "--all-namespaces", "-o", "json"], capture_output=True, timeout=20, check=True)
    return json.loads(out.stdout)["items"]


def matches(selector, labels):
    """None selects nothing that is asked for; {} selects everything."""
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for e in selector.get("matchExpressions") or []:
        value, values = labels.get(e["key"]), e.get("values") or []
        good = {"In": value in values, "NotIn": value not in values, "Exists": value is not None, "DoesNotExist": value is None}
        if not good[e["operator"]]:
            return False
    return True


def addresses(peer, namespace, pods, namespaces):
    """What a peer stands for, as words of iptables that come after -s or -d."""
    block = peer.get("ipBlock")
    if block:
        net = ipaddress.ip_network(block["cidr"], strict=False)
        nets = [net] if net.version == 4 else []
        for gap in block.get("except") or []:
            gap = ipaddress.ip_network(gap, strict=False)
            nets = [part for n in nets for part in (n.address_exclude(gap) if gap.subnet_of(n) else [n])]
        return [str(n) for n in nets]
    found = []
    for pod in pods:
        own = pod["metadata"]["namespace"]
        there = peer.get("namespaceSelector")
        if there is None and own != namespace or there is not None and not matches(there, namespaces.get(own, {})):
            continue
        if matches(peer.get("podSelector") or {}, pod["metadata"].get("labels") or {}):
            found.append(pod["status"]["podIP"])
    return found


def ports(rule, pods):
    """What the ports of a rule stand for, as matches of iptables. A port by name is that of each pod which gives it."""
    if not rule.get("ports"):
        return [[]]
    out = []
    for port in rule["ports"]:
        protocol = port.get("protocol", "TCP").lower()
        number = port.get("port")
        if number is None:
            out.append(["-p", protocol])
        elif isinstance(number, int):
            out.append(["-p", protocol, "--dport", f"{number}:{port.get('endPort', number)}"])
        else:
            named = {p["containerPort"] for pod in pods for c in pod["spec"]["containers"] for p in c.get("ports") or [] if p.get("name") == number}
            out += [["-p", protocol, "--dport", str(n)] for n in sorted(named)]
    return out


def rules(pods, policies, namespaces):
    lines = ["*filter"] + [f":{chain} - [0:0]" for chain in CHAINS]
    body = [["-A", chain, "-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED", "-j", "RETURN"] for chain in CHAINS]
    for number, pod in enumerate(pods):
        labels, namespace, address = pod["metadata"].get("labels") or {}, pod["metadata"]["namespace"], pod["status"]["podIP"]
        for chain, kind, own, other, key, peers in (
            (CHAINS[0], "Egress", "-s", "-d", "egress", "to"),
            (CHAINS[1], "Ingress", "-d", "-s", "ingress", "from"),
        ):
            about = [
                p["spec"] for p in policies
                if p["metadata"]["namespace"] == namespace
                and kind in p["spec"].get("policyTypes", ["Ingress"] + (["Egress"] if "egress" in p["spec"] else []))
                and matches(p["spec"].get("podSelector") or {}, labels)
            ]
            if not about:
                continue
            name = f"SW-{kind[0]}-{number}"
            lines.append(f":{name} - [0:0]")
            body.append(["-A", chain, own, address, "-j", name])
            for spec in about:
                for rule in spec.get(key) or []:
                    to = None if not rule.get(peers) else [a for p in rule[peers] for a in addresses(p, namespace, pods, namespaces)]
                    for port in ports(rule, pods):
                        for peer in [None] if to is None else to:
                            body.append(["-A", name, *([] if peer is None else [other, peer]), *port, "-j", "RETURN"])
            body.append(["-A", name, "-j", "DROP"])
    return "\n".join(lines + [" ".join(line) for line in body] + ["COMMIT", ""])


def apply(text):
    # Chains of pods that are gone are left behind empty of references; they are few, and go with the cluster.
    subprocess.run(["iptables-restore", "--noflush"], input=text.encode(), check=True)
    for chain in CHAINS[::-1]:
        if subprocess.run(["iptables", "-C", "FORWARD", "-j", chain], capture_output=True).returncode:
            subprocess.run(["iptables", "-I", "FORWARD", "1", "-j", chain], check=True)


last = None
while True:
    try:
        pods = [p for p in listed("pods") if p.get("status", {}).get("podIP") and not p["spec"].get("hostNetwork")
                and p["status"].get("phase") in ("Pending", "Running")]
        pods.sort(key=lambda p: (p["metadata"]["namespace"], p["metadata"]["name"]))
        namespaces = {n["metadata"]["name"]: n["metadata"].get("labels") or {} for n in listed("namespaces")}
        text = rules(pods, listed("networkpolicies"), namespaces)
        if text != last:
            apply(text)
            last = text
    except (subprocess.SubprocessError, json.JSONDecodeError, OSError) as error:
        print(error, flush=True)
    time.sleep(0.3)
