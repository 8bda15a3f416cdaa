package com.example.ndkgreeter;

interface IGreeter {
  String greet(String name);
}
