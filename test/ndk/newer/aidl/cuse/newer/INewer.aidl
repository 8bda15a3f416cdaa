package cuse.newer;

import cuse.newer.All;
import cuse.newer.Choice;
import cuse.newer.Color;
import cuse.newer.ITiny;
import cuse.newer.Pair;

@SensitiveData
interface INewer {
  All echo(in All value, out All copy, inout All both);
  Color[] turn(in Color[] input, out Color[] copy, inout Color[] both);
  @nullable Choice choose(in @nullable Choice value);
  int[2][3] matrix(in int[2][3] input, out int[2][3] copy, inout int[2][3] both);
  List<String> list(in List<String> input, out List<String> copy, inout List<IBinder> both);
  @nullable Pair[] pairs(in @nullable Pair[] input);
  ITiny[] tinies(in ITiny[] input, out @nullable ITiny[] copy);
  ParcelFileDescriptor[] files(in ParcelFileDescriptor[] input, out @nullable ParcelFileDescriptor[] copy);
  oneway void notify(in Choice value);
}
