#!/usr/bin/env python3
"""Writes, for interfaces and parcelables in AIDL, the C++ that is the same for every one of them: a service class that
answers each method, a function that calls each method, and what visits each field. The types of arguments and fields
are left to the C++ compiler: only names, directions and nullability are taken from AIDL.

usage: make_echo.py [--ndk] --out FILE [--echo NAME]... AIDL...
"""
import argparse
import re
import sys

TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|[A-Za-z_][A-Za-z0-9_.]*|[0-9][0-9A-Za-z_.]*|\S')
COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/', re.S)
WAYS = {'in': 'kIn', 'out': 'kOut', 'inout': 'kInOut'}


class Reader:
  def __init__(self, text):
    self.tokens = TOKEN.findall(COMMENT.sub(' ', text))
    self.at = 0

  def peek(self):
    return self.tokens[self.at] if self.at < len(self.tokens) else ''

  def next(self):
    token = self.peek()
    if not token:
      sys.exit('unexpected end of file')
    self.at += 1
    return token

  def skip_until(self, ends):
    """Past the first of `ends` that is not inside brackets."""
    depth = 0
    # In values these are shifts and comparisons.
    opening, closing = ('([{<', ')]}>') if '>' in ends else ('([{', ')]}')
    while True:
      token = self.next()
      if depth == 0 and token in ends:
        return token
      depth += (token in opening) - (token in closing)

  def annotations(self):
    """Their names."""
    names = []
    while self.peek() == '@':
      self.next()
      names.append(self.next())
      if self.peek() == '(':
        self.next()
        self.skip_until([')'])
    return names

  def type(self):
    """(nullable, has a size that travels with out arguments)"""
    nullable = 'nullable' in self.annotations()
    self.next()
    if self.peek() == '<':
      self.next()
      self.skip_until(['>'])
    sized = False
    while self.peek() == '[':
      self.next()
      sized = self.peek() == ']'
      self.skip_until([']'])
    return nullable, sized


class Definition:
  def __init__(self, kind, name, package):
    self.kind, self.name, self.package = kind, name, package
    self.parameters = []  # of a generic type
    self.members = []  # methods: (name, [part]); fields: (name, nullable)


def read_body(reader, definition, found):
  while True:
    reader.annotations_here = reader.annotations()
    token = reader.peek()
    if token == '}':
      reader.next()
      return
    if token in ('interface', 'parcelable', 'union', 'enum'):
      read_definition(reader, definition.package + [definition.name], found)
    elif definition.kind == 'enum':
      definition.members.append((reader.next(), False))
      while reader.peek() not in (',', '}'):
        reader.next()
      if reader.peek() == ',':
        reader.next()
    elif token == 'const':
      reader.skip_until([';'])
    else:
      if token == 'oneway':
        reader.next()
      nullable, sized = reader.type()
      nullable = nullable or 'nullable' in reader.annotations_here
      # `void` has been taken for a type; it is what stands before the name.
      result = reader.tokens[reader.at - 1]
      name = reader.next()
      if definition.kind != 'interface':
        definition.members.append((name, nullable))
        if reader.next() != ';':
          reader.skip_until([';'])
        continue
      reader.next()  # the opening parenthesis
      parts = []
      while reader.peek() != ')':
        way, marked = 'kIn', reader.annotations()
        if reader.peek() in WAYS:
          way = WAYS[reader.next()]
        its_nullable, its_sized = reader.type()
        reader.next()
        if reader.peek() == ',':
          reader.next()
        parts.append((way, its_nullable or 'nullable' in marked, its_sized))
      reader.next()
      if result != 'void':
        parts.append(('kReturn', nullable, sized))
      definition.members.append((name, parts))
      reader.skip_until([';'])


def read_definition(reader, package, found):
  kind = reader.next()
  definition = Definition(kind, reader.next(), package)
  if reader.peek() == '<':
    reader.next()
    while reader.peek() != '>':
      definition.parameters += [token for token in [reader.next()] if token != ',']
    reader.next()
  if reader.peek() == '{':
    reader.next()
    read_body(reader, definition, found)
    found.append(definition)
  else:
    reader.skip_until([';'])  # made by hand


def read_file(path):
  with open(path, encoding='utf-8') as file:
    reader = Reader(file.read())
  package, found = [], []
  while reader.peek():
    reader.annotations()
    token = reader.peek()
    if token == 'oneway':
      reader.next()
    elif token == 'package':
      reader.next()
      package = reader.next().split('.')
      reader.next()
    elif token == 'import':
      reader.skip_until([';'])
    else:
      read_definition(reader, package, found)
  return package, found


def parts_text(parts):
  words = []
  for way, nullable, sized in parts:
    words.append('Part{Way::%s, %s, %s}' % (way, str(nullable).lower(), str(sized).lower()))
  return ', '.join(words)


def class_of(name):
  return name[1:] if re.match('I[A-Z]', name) else name


def main():
  parser = argparse.ArgumentParser()
  parser.add_argument('--ndk', action='store_true')
  parser.add_argument('--out', required=True)
  parser.add_argument('--echo', action='append', default=[])
  parser.add_argument('files', nargs='+')
  arguments = parser.parse_args()
  prefix = ['aidl'] if arguments.ndk else []
  includes, fields, services = [], [], []
  for path in arguments.files:
    package, found = read_file(path)
    for it in found:
      scope = '::'.join(prefix + it.package)
      full = '::%s::%s' % (scope, it.name)
      nested = len(it.package) > len(package)
      echo = it.kind == 'interface' and it.name in arguments.echo
      if not nested:
        header = ('Bn' + class_of(it.name)) if echo else it.name
        includes.append('#include <%s.h>' % '/'.join(prefix + it.package + [header]))
      if it.kind == 'parcelable':
        visits = ''.join('\n    visit(it.%s, %s);' % (name, str(nullable).lower()) for name, nullable in it.members)
        generic = full + '<%s>' % ', '.join(it.parameters) if it.parameters else full
        head = ', '.join('typename ' + name for name in it.parameters)
        fields.append('template <%s>\nstruct Fields<%s> {\n  template <typename It, typename Visit>\n'
                      '  static void each([[maybe_unused]] It& it, [[maybe_unused]] Visit visit) {%s\n  }\n};\n'
                      % (head, generic, visits))
      elif it.kind == 'union':
        cases = ''.join('\n      case T::Tag::%s: visit(it.template get<T::Tag::%s>(), %s); break;'
                        % (name, name, str(nullable).lower()) for name, nullable in it.members)
        # get() of another tag aborts: what to make is told by the type alone.
        makes = ''.join('\n      case %d: it.template set<T::Tag::%s>(make(std::type_identity<std::remove_cvref_t<'
                        'decltype(it.template get<T::Tag::%s>())>>(), %s)); break;'
                        % (index, name, name, str(nullable).lower()) for index, (name, nullable) in enumerate(it.members))
        fields.append('template <>\nstruct Union<%s> {\n  using T = %s;\n  static constexpr std::size_t kTags = %d;\n'
                      '  template <typename It, typename Visit>\n  static void visit(It& it, Visit visit) {\n'
                      '    switch (it.getTag()) {%s\n    }\n  }\n'
                      '  template <typename Make>\n  static void make(T& it, std::size_t tag, Make make) {\n'
                      '    switch (tag) {%s\n    }\n  }\n};\n' % (full, full, len(it.members), cases, makes))
      elif echo:
        short = class_of(it.name)
        methods, calls = [], []
        for name, parts in it.members:
          signature = ', '.join('Argument<&I::%s, %d> a%d' % (name, index, index) for index in range(len(parts)))
          values = ''.join(', a%d' % index for index in range(len(parts)))
          methods.append('  Status %s(%s) override {\n    return answer(service_, Parts<%s>{}%s);\n  }\n'
                         % (name, signature, parts_text(parts), values))
          calls.append('  caller.call("%s.%s", object, &%s::%s, Parts<%s>{});\n'
                       % (it.name, name, full, name, parts_text(parts)))
        bn = '::%s::Bn%s' % (scope, short)
        services.append('class %sEcho : public %s {\n  using I = %s;\n\n public:\n'
                        '  explicit %sEcho(Digests& service) : service_(service) {}\n%s\n private:\n'
                        '  Digests& service_;\n};\n\ninline void call_all(Caller& caller, %s& object) {\n%s}\n'
                        % (short, bn, full, short, ''.join(methods), full, ''.join(calls)))
  with open(arguments.out, 'w', encoding='utf-8') as file:
    file.write('// Made by make_echo.py.\n#pragma once\n\n%s\n\n#include "test/aidl/echo.h"\n\n'
               'namespace cuse_binder::test::aidl_corpus {\n\n%s\n%s\n}\n'
               % ('\n'.join(includes), '\n'.join(fields), '\n'.join(services)))


main()
