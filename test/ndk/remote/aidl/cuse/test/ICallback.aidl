package cuse.test;

interface ICallback {
  // Returns what the client makes of it, while the client waits for the service.
  int ask(int question);
  oneway void tell(int what);
}
