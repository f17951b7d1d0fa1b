"""Wrong versions of a message, as values of diag.py. Each yields (what was done, value)."""
import diag

OTHERS = [0, 'x', b'', [], diag.Map(), True, None, diag.Tag(1, 0)]


def nodes(value, rebuild=lambda new: new, path=''):
    """(path, node, function from a new node to the whole message) of each node but map keys."""
    yield path, value, rebuild
    if isinstance(value, diag.Map):
        for i, (key, inner) in enumerate(value):
            def put(new, i=i, key=key):
                return rebuild(diag.Map(value[:i] + [(key, new)] + value[i + 1:]))
            yield from nodes(inner, put, f'{path}/{key}')
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            def put_item(new, i=i):
                return rebuild(value[:i] + [new] + value[i + 1:])
            yield from nodes(inner, put_item, f'{path}/{i}')


def maps(value):
    return ((path, node, put) for path, node, put in nodes(value) if isinstance(node, diag.Map))


def wrong_types(value):
    for path, node, put in nodes(value):
        for other in OTHERS:
            if type(other) is not type(node):
                yield f'{path} is {other!r}', put(other)


def doubled_keys(value):
    for path, node, put in maps(value):
        for i in range(len(node)):
            yield f'{path} has a key twice', put(diag.Map(node[:i + 1] + node[i:]))


def swapped_keys(value):
    for path, node, put in maps(value):
        for i in range(len(node) - 1):
            yield f'{path} out of order', put(diag.Map(node[:i] + [node[i + 1], node[i]] +
                                                       node[i + 2:]))


def unknown_keys(value):
    for path, node, put in maps(value):
        for key in (99, 4000, -99, -70000, 'zz'):
            pairs = sorted([*node, (key, 0)], key=lambda pair: diag.encode(pair[0]))
            yield f'{path} has key {key}', put(diag.Map(pairs))


def missing(value):
    """A map without one pair, or an array without one item."""
    for path, node, put in nodes(value):
        if isinstance(node, list):
            for i in range(len(node)):
                yield f'{path} lacks its entry {i}', put(type(node)(node[:i] + node[i + 1:]))


def longer_heads(value):
    for path, node, put in nodes(value):
        major, argument, rest = diag.parts(node)
        for size in (1, 2, 4, 8):
            raw = diag.head(major, argument, size) + rest if argument < 256 ** size else None
            if raw and major != 7 and raw != diag.encode(node):
                yield f'{path} has a head of {size} bytes', put(diag.Raw(raw))


def indefinite(value):
    for path, node, put in nodes(value):
        major, _, rest = diag.parts(node)
        if major in (2, 3):
            rest = diag.encode(node)
        if major in (2, 3, 4, 5):
            yield (f'{path} has no definite length',
                   put(diag.Raw(bytes([major << 5 | 31]) + rest + b'\xff')))
